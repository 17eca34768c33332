import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { createClient } from '@clickhouse/client';

// A real server on a busy machine.
jest.setTimeout(120_000);

const facts = testFacts('clickhouse');

export const auth = {
  url: facts['url'] ?? '',
  user: facts['user'] ?? '',
  password: facts['password'] ?? '',
  database: 'default',
};

/** A client of its own, so that the piece is checked against something that is not the piece. */
const client = createClient({ url: auth.url, username: auth.user, password: auth.password });
afterAll(() => client.close());

export async function sql<R = Record<string, unknown>>(text: string): Promise<R[]> {
  const result = await client.query({
    query: text,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return result.json<R>();
}

export async function run(text: string): Promise<void> {
  await client.command({ query: text });
}

export function uniqueName(prefix = 'test'): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`;
}

/** Creates a table with these columns and gives its name. */
export async function newTable(
  columns: string,
  engine = 'MergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 100',
): Promise<string> {
  const name = uniqueName();
  await run(`CREATE TABLE default.${name} (${columns}) ENGINE = ${engine}`);
  return name;
}
