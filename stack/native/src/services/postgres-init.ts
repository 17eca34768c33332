import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client, DatabaseError } from 'pg';
import { BizError, messageOf } from '@bizstack/contracts';

/** Role that owns or uses each database of `stack/services/postgres/init`. */
export const DATABASE_ROLES = {
  business_data: 'business',
  nocobase: 'nocobase',
  activepieces: 'activepieces',
  n8n: 'n8n',
  metabase: 'metabase',
} as const;

const DUPLICATE_DATABASE = '42P04';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Name of the secret that is a role's password. */
export function roleSecret(role: string): string {
  return `postgres-${role}`;
}

/** Applies roles, passwords, databases, grants and schemas, in that order. Safe to run again. */
export async function applyInit(
  address: PostgresAddress,
  initDir: string,
  secret: (name: string) => string,
): Promise<void> {
  await withClient({ ...address, database: 'postgres' }, async (client) => {
    await runFile(client, join(initDir, '10-roles.sql'));
    for (const role of Object.values(DATABASE_ROLES)) {
      const password = client.escapeLiteral(secret(roleSecret(role)));
      await client.query(`ALTER ROLE ${client.escapeIdentifier(role)} PASSWORD ${password}`);
    }
    for (const statement of statementsOf(readFileSync(join(initDir, '20-databases.sql'), 'utf8'))) {
      try {
        await client.query(statement);
      } catch (error) {
        if (!(error instanceof DatabaseError && error.code === DUPLICATE_DATABASE)) throw error;
      }
    }
    await runFile(client, join(initDir, '25-grants.sql'));
  });
  for (const database of readdirSync(join(initDir, 'schemas')).sort()) {
    await withClient({ ...address, database }, async (client) => {
      const dir = join(initDir, 'schemas', database);
      const files = readdirSync(dir).filter((name) => name.endsWith('.sql'));
      for (const file of files.sort()) await runFile(client, join(dir, file));
    });
  }
}

/** Statements of a file that has no semicolon within a statement. */
function statementsOf(sql: string): string[] {
  return sql
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

async function runFile(client: Client, file: string): Promise<void> {
  try {
    await client.query(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new BizError('BIZ_NATIVE_POSTGRES_INIT', `${file} could not be applied: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

export async function withClient<T>(
  config: PostgresAddress & { readonly database: string },
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...config, connectionTimeoutMillis: 5000 });
  // A connection that breaks while idle would end the process otherwise; the running query reports it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
