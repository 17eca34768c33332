import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import type { Pool } from 'pg';

/** Of LangGraph's tables, as the pinned version makes them. */
const TABLES_VERSION = 4;

/** LangGraph's own tables, in our schema. */
export function postgresSaver(pool: Pool, schema: string): PostgresSaver {
  return new PostgresSaver(pool, undefined, { schema });
}

/** Makes or upgrades the tables. Not safe to run twice at once. */
export async function setUpTables(pool: Pool, schema: string): Promise<void> {
  const { rows } = await pool.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `${schema}.checkpoint_migrations`,
  ]);
  if (rows[0]?.there) {
    const { rows: versions } = await pool.query<{ v: number }>(
      'SELECT max(v) AS v FROM checkpoint_migrations',
    );
    // LangGraph asks for the right to make schemas even when there is nothing to do.
    if ((versions[0]?.v ?? -1) >= TABLES_VERSION) return;
  }
  await postgresSaver(pool, schema).setup();
}
