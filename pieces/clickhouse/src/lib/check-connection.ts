import { createClient } from '@clickhouse/client';
import { BizError, isBizError } from '@bizstack/piece-common';
import { clientOptions, withDatabase } from './client';
import { parseAuth, placeOf } from './config';
import { clickhouseError } from './errors';

const PING_TIMEOUT_MS = 10_000;

/**
 * Goes through the steps of a connection one by one: settings, name, network, proxy, TLS, login, database.
 * @throws BizError whose message begins with the step that failed.
 */
export async function checkConnection(props: unknown): Promise<void> {
  await step('Settings', async () => void clientOptions(parseAuth(props)));
  await step('Reach the server', () => ping(props));
  await step('Log in', () =>
    withDatabase(props, (database) => database.read({ sql: 'SELECT 1', timeoutSeconds: 15 })),
  );
  await step('Open the database', () => requireDatabase(props));
}

async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isBizError(error)) throw error;
    const { code, message, retryable, details } = error;
    // The database of the connection is part of every request, so a missing one shows at the login.
    const failed = code === 'BIZ_CLICKHOUSE_DATABASE_UNKNOWN' ? 'Open the database' : name;
    throw new BizError(code, `${failed}: ${message}`, { cause: error, retryable, details });
  }
}

/** Without a login, to tell network and certificate from user and password. */
async function ping(props: unknown): Promise<void> {
  const auth = parseAuth(props);
  const client = createClient({ ...clientOptions(auth), request_timeout: PING_TIMEOUT_MS });
  try {
    const result = await client.ping();
    if (!result.success) throw clickhouseError(result.error, placeOf(auth));
  } finally {
    await client.close();
  }
}

async function requireDatabase(props: unknown): Promise<void> {
  await withDatabase(props, async (database) => {
    const { rows } = await database.read({
      sql: 'SELECT name FROM system.databases WHERE name = {name:String}',
      params: { name: database.name },
      timeoutSeconds: 15,
    });
    if (rows.length > 0) return;
    throw new BizError(
      'BIZ_CLICKHOUSE_DATABASE_UNKNOWN',
      `There is no database "${database.name}" that this user can see.`,
      {
        hint: 'Check the name, and the rights of the user on it.',
      },
    );
  });
}
