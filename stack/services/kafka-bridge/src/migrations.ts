import type { Pool, PoolClient } from 'pg';

/** Applied in this order, each once. Never change one that has been released: add another. */
const MIGRATIONS: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: '2026-11-22-registrations',
    sql: `CREATE TABLE registrations (
      id           text PRIMARY KEY,
      registration jsonb NOT NULL,
      enabled      boolean NOT NULL DEFAULT true,
      -- Changes with every change of the row, so that replicas see it.
      revision     bigint GENERATED ALWAYS AS IDENTITY,
      -- Offsets known at the last change; they stand in when Kafka has forgotten those of the group.
      positions    jsonb NOT NULL DEFAULT '{}',
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now()
    )`,
  },
];

/** Any number; the same for all replicas. */
const LOCK = 7_261_530_429;
const INSUFFICIENT_PRIVILEGE = '42501';

/** Brings the schema up to date. Replicas that start together wait for each other. */
export async function migrate(pool: Pool, schema: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    try {
      await createSchema(client, schema);
      await client.query(`SET search_path TO ${client.escapeIdentifier(schema)}`);
      await client.query(
        'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
      );
      const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
      const applied = new Set(rows.map(({ name }) => name));
      for (const { name, sql } of MIGRATIONS) {
        if (applied.has(name)) continue;
        await client.query('BEGIN');
        try {
          await client.query(sql);
          await client.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
          await client.query('COMMIT');
        } catch (error) {
          await client.query('ROLLBACK');
          throw error;
        }
      }
    } finally {
      await client.query('RESET search_path');
      await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    }
  } finally {
    client.release();
  }
}

/** A role that may not make schemas uses one that was made for it. */
async function createSchema(client: PoolClient, schema: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rowCount !== 0) return;
  try {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(schema)}`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === INSUFFICIENT_PRIVILEGE) {
      throw new Error(`the schema "${schema}" is missing and this role may not create it`, { cause: error });
    }
    throw error;
  }
}
