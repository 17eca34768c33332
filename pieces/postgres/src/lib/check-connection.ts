import { Client } from 'pg';
import { clientConfig, parseAuth } from './config';
import { postgresError } from './errors';

/**
 * Logs in once, with a connection of its own.
 * @throws BizError that says whether name, network, TLS, login or the database failed.
 */
export async function checkConnection(props: unknown): Promise<void> {
  const auth = parseAuth(props);
  const client = new Client(clientConfig(auth));
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } catch (error) {
    throw postgresError(error, `${auth.host}:${auth.port}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
