import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { Client } from 'pg';

// A real server on a busy machine.
jest.setTimeout(120_000);

const facts = testFacts('postgres');

export const auth = {
  host: facts['host'] ?? '',
  port: Number(facts['port']),
  // Tests create tables and end connections, which the roles of the stack may not.
  user: facts['admin_user'] ?? '',
  password: facts['admin_password'] ?? '',
  database: 'postgres',
};

/** A connection of its own, so that the piece is checked against something that is not the piece. */
export async function sql<R = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client(auth);
  await client.connect();
  try {
    const { rows } = await client.query(text, values);
    return rows as R[];
  } finally {
    await client.end();
  }
}

export function uniqueName(prefix = 'test'): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`;
}

/** Creates a table with these columns and gives its name. */
export async function newTable(columns: string): Promise<string> {
  const name = uniqueName();
  await sql(`CREATE TABLE public.${name} (${columns})`);
  return name;
}
