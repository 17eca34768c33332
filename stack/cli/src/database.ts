import { Client } from 'pg';
import type { z } from 'zod';

/** One short query on a connection of its own. */
export async function queryRows<T>(
  databaseUrl: string,
  sql: string,
  params: readonly unknown[],
  row: z.ZodType<T>,
): Promise<T[]> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5000,
    query_timeout: 15_000,
  });
  // A broken idle connection would end the process; the running query reports it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query(sql, [...params]);
    return row.array().parse(rows);
  } finally {
    await client.end();
  }
}
