import { createConnectionPool } from '@bizstack/piece-common';
import { Pool, type PoolClient, type QueryConfig, type QueryResultRow, TypeOverrides, types } from 'pg';
import { type PostgresAuthValues, clientConfig, parseAuth } from './config';
import { postgresError } from './errors';

/** Connections per database and engine process. Flows run side by side; servers allow about 100 in all. */
const MAX_CLIENTS = 5;

/**
 * Types that JavaScript would distort stay text: dates have no time zone, and neither has `timestamp`.
 * `bigint` and `numeric` are text by default already, since a number may not hold them.
 */
const overrides = new TypeOverrides();
for (const oid of [types.builtins.DATE, types.builtins.TIMESTAMP]) {
  overrides.setTypeParser(oid, (value: string) => value);
}

const pools = createConnectionPool<PostgresAuthValues, Pool>({
  open: (auth) => {
    const pool = new Pool({
      ...clientConfig(auth),
      max: MAX_CLIENTS,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      types: overrides,
    });
    // An idle client that loses its connection reports it here; the next use opens a new one.
    pool.on('error', () => undefined);
    return pool;
  },
  close: (pool) => pool.end(),
});

/** What an action may do with a client. */
export interface Database {
  query<R extends QueryResultRow = QueryResultRow>(sql: string, values?: unknown[]): Promise<Result<R>>;
}

export interface Result<R> {
  readonly rows: R[];
  /** Rows changed or returned. */
  readonly count: number;
  readonly command: string;
  readonly fields: { name: string; typeOid: number }[];
}

/**
 * Runs `work` with one client.
 * @throws BizError with a readable text for whatever PostgreSQL refuses.
 */
export async function withDatabase<T>(props: unknown, work: (database: Database) => Promise<T>): Promise<T> {
  return withClient(props, (client) => work(databaseOf(client)));
}

/**
 * Runs `work` in one transaction: all of it happens or nothing. A read-only one sees one state throughout.
 * @throws BizError
 */
export async function withTransaction<T>(
  props: unknown,
  work: (database: Database) => Promise<T>,
  { readOnly = false }: { readOnly?: boolean } = {},
): Promise<T> {
  return withClient(props, async (client) => {
    await client.query(readOnly ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'BEGIN');
    try {
      const result = await work(databaseOf(client));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  });
}

/** For cursors and other uses of the client itself. @throws BizError */
export async function withClient<T>(props: unknown, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const auth = parseAuth(props);
  try {
    return await pools.use(auth, async (pool) => {
      const client = await pool.connect();
      let broken: Error | undefined;
      const onError = (error: Error) => {
        broken = error;
      };
      client.on('error', onError);
      try {
        return await work(client);
      } catch (error) {
        // pg gave up waiting: the statement may still run on this connection.
        if (error instanceof Error && /Query read timeout/i.test(error.message)) broken = error;
        throw error;
      } finally {
        client.removeListener('error', onError);
        client.release(broken);
      }
    });
  } catch (error) {
    throw postgresError(error, `${auth.host}:${auth.port}`);
  }
}

/** `queryMode` is missing in the types of pg. */
type ExtendedQuery = QueryConfig<unknown[]> & { queryMode: 'extended' };

function databaseOf(client: PoolClient): Database {
  return {
    async query<R extends QueryResultRow>(sql: string, values: unknown[] = []) {
      // The extended protocol takes one statement only, so nothing can be appended to end a transaction.
      const config: ExtendedQuery = { text: sql, values, queryMode: 'extended' };
      const result = await client.query<R>(config);
      return {
        rows: result.rows,
        count: result.rowCount ?? 0,
        command: result.command,
        fields: result.fields.map(({ name, dataTypeID }) => ({ name, typeOid: dataTypeID })),
      };
    },
  };
}

/** Closes everything that is open; for tests and for a clean end of the process. */
export async function closeConnections(): Promise<void> {
  await pools.closeAll();
}
