import { isDeepStrictEqual } from 'node:util';
import { type Registration, registrationSchema, type Positions } from '@bizstack/piece-kafka/dist/lib/bridge';
import { Pool } from 'pg';
import { z } from 'zod';
import type { Logger } from './log';
import { migrate } from './migrations';

const rowSchema = z.object({
  id: z.string(),
  registration: registrationSchema,
  enabled: z.boolean(),
  revision: z.string(),
  positions: z.record(z.string(), z.string()),
  updated_at: z.date(),
});

export interface StoredRegistration {
  readonly id: string;
  readonly registration: Registration;
  readonly enabled: boolean;
  /** Another one after every change. */
  readonly revision: string;
  readonly positions: Positions;
  readonly updatedAt: Date;
}

const COLUMNS = 'id, registration, enabled, revision::text, positions, updated_at';
const NEXT_REVISION = 'revision = DEFAULT, updated_at = now()';

/** The registrations of all replicas, in PostgreSQL. */
export class RegistrationStore {
  readonly #pool: Pool;
  readonly #table: string;
  readonly #log: Logger;

  private constructor(pool: Pool, schema: string, log: Logger) {
    this.#pool = pool;
    this.#table = `"${schema}".registrations`;
    this.#log = log;
  }

  static async open(
    { url, schema }: { url: string; schema: string },
    log: Logger,
  ): Promise<RegistrationStore> {
    const pool = new Pool({
      connectionString: url,
      max: 4,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
      application_name: 'kafka-bridge',
    });
    // An idle connection that breaks is replaced at the next query.
    pool.on('error', (error) => log.warn('a database connection was lost', { error: error.message }));
    try {
      await migrate(pool, schema);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return new RegistrationStore(pool, schema, log);
  }

  async ping(): Promise<void> {
    await this.#pool.query('SELECT 1');
  }

  async list(): Promise<StoredRegistration[]> {
    const { rows } = await this.#pool.query<{ id: unknown }>(
      `SELECT ${COLUMNS} FROM ${this.#table} ORDER BY id`,
    );
    return rows.flatMap((row) => {
      const parsed = rowSchema.safeParse(row);
      if (parsed.success) return [toStored(parsed.data)];
      // A newer version may have written it; the others must go on.
      this.#log.error('a registration cannot be read', { registration: String(row.id) });
      return [];
    });
  }

  async get(id: string): Promise<StoredRegistration | undefined> {
    const { rows } = await this.#pool.query(`SELECT ${COLUMNS} FROM ${this.#table} WHERE id = $1`, [id]);
    return rows[0] === undefined ? undefined : toStored(rowSchema.parse(rows[0]));
  }

  async put(id: string, registration: Registration, positions: Positions): Promise<void> {
    await this.#pool.query(
      `INSERT INTO ${this.#table} AS known (id, registration, positions) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET registration = excluded.registration, enabled = true,
         positions = known.positions || excluded.positions, ${NEXT_REVISION}`,
      [id, JSON.stringify(registration), JSON.stringify(positions)],
    );
  }

  /** @returns false when there was nothing to end. */
  async disable(id: string, positions: Positions): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `UPDATE ${this.#table} SET enabled = false, positions = positions || $2, ${NEXT_REVISION}
       WHERE id = $1 AND enabled`,
      [id, JSON.stringify(positions)],
    );
    return rowCount === 1;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function toStored({ updated_at, ...row }: z.output<typeof rowSchema>): StoredRegistration {
  return { ...row, updatedAt: updated_at };
}

/** True when both mean the same deliveries. */
export function sameRegistration(a: Registration, b: Registration): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
}
