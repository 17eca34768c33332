import type { Database } from './client';
import type { Table } from './schema';
import type { Parameters } from './values';

/** Rows that meet a condition now. */
export async function countRows(
  database: Database,
  table: Table,
  where: string,
  parameters: Parameters,
): Promise<number> {
  const { rows } = await database.read({
    sql: `SELECT count() AS count FROM ${table.sql} ${where}`,
    params: parameters.values,
  });
  return Number(rows[0]?.['count'] ?? 0);
}
