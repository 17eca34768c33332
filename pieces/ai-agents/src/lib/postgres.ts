import type { PostgresStore } from '@bizstack/agents/memory';
import { BizError, createConnectionPool, messageOf } from '@bizstack/piece-common';
import type { Pool } from 'pg';
import { type Connection, notConfigured } from './connection';

export const SCHEMA = 'bizstack_agents';

export interface Database {
  /** Runs, checkpoints, conversations. */
  readonly store: PostgresStore;
  /** For the tables of this piece. */
  readonly pool: Pool;
}

const TABLES = `
  SELECT pg_advisory_xact_lock(hashtextextended('${SCHEMA}.piece', 0));
  CREATE TABLE IF NOT EXISTS ${SCHEMA}.lead_models (
    name text NOT NULL,
    version text NOT NULL,
    model jsonb NOT NULL,
    trained_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
  );`;

const databases = createConnectionPool<string, Database>({ open, close: closeDatabase });

/**
 * Runs `work` with the database of the connection, its tables made.
 * @throws BizError `BIZ_AI_NOT_CONFIGURED`, `BIZ_AGENTS_STORE_FAILED`
 */
export async function withDatabase<T>(
  { postgresUrl }: Connection,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  if (postgresUrl === undefined) {
    throw notConfigured('PostgreSQL', 'Fill in the PostgreSQL URL there.');
  }
  return databases.use(postgresUrl, work);
}

async function open(connectionString: string): Promise<Database> {
  const [{ PostgresStore: Store }, { Pool: PgPool }] = await Promise.all([
    import('@bizstack/agents/memory'),
    import('pg'),
  ]);
  const database = {
    store: new Store({ connectionString, schema: SCHEMA }),
    pool: new PgPool({ connectionString, max: 4 }),
  };
  // A connection that breaks while nobody uses it is replaced; without a listener it would end the process.
  database.pool.on('error', () => undefined);
  try {
    await database.store.migrate();
    await database.pool.query(TABLES);
    return database;
  } catch (cause) {
    await closeDatabase(database);
    if (cause instanceof BizError) throw cause;
    throw new BizError('BIZ_AGENTS_STORE_FAILED', `PostgreSQL: ${messageOf(cause)}`, { cause });
  }
}

async function closeDatabase({ store, pool }: Database): Promise<void> {
  await Promise.all([store.close(), pool.end()]);
}

/** Closes what is open, at once. For tests and for processes that end. */
export function closeDatabases(): Promise<void> {
  return databases.closeAll();
}
