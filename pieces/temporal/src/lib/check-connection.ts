import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BizError, isBizError, messageOf, tlsOptions, unreachableError } from '@bizstack/piece-common';
import { openTemporal } from './client';
import {
  type Address,
  type TemporalAuthValues,
  codecKeys,
  formatAddress,
  parseAddress,
  parseAuth,
  usesTls,
} from './config';
import { temporalError } from './errors';

const STEP_TIMEOUT_MS = 8_000;

type Step = 'settings' | 'name' | 'tcp' | 'tls' | 'login' | 'namespace' | 'permission';

const STEP_NAMES: Readonly<Record<Step, string>> = {
  settings: 'settings',
  name: 'host name',
  tcp: 'network',
  tls: 'TLS',
  login: 'login',
  namespace: 'namespace',
  permission: 'permission',
};

/**
 * Tries a connection step by step: settings, host name, network, TLS, login, namespace, permission to see
 * workflows. Nothing is changed on the server.
 * @throws BizError whose message names the step that failed; it is in `details.step` too.
 */
export async function checkConnection(props: unknown): Promise<void> {
  const auth = await at('settings', async () => {
    const values = parseAuth(props);
    codecKeys(values);
    if (usesTls(values)) tlsOptions(values);
    return values;
  });
  const address = await at('settings', async () => parseAddress(auth.address));
  await at('name', () => checkName(address));
  await at('tcp', () => checkSocket(address, auth, false));
  if (usesTls(auth)) await at('tls', () => checkSocket(address, auth, true));
  await checkServer(auth, formatAddress(address));
}

async function checkServer(auth: TemporalAuthValues, address: string): Promise<void> {
  const { connection, temporal } = await at('settings', async () => openTemporal(auth));
  const { namespace, service } = temporal;
  const call = (step: Step, work: () => Promise<unknown>) =>
    at(step, async () => {
      try {
        await connection.withDeadline(Date.now() + STEP_TIMEOUT_MS, work);
      } catch (error) {
        throw temporalError(error, { address, namespace });
      }
    });
  try {
    await call('login', () => service.getSystemInfo({}));
    await call('namespace', () => service.describeNamespace({ namespace }));
    await call('permission', () => service.listWorkflowExecutions({ namespace, pageSize: 1 })).catch(
      (error: unknown) => {
        // Temporal's test server has no list; that says nothing about rights.
        if (!isBizError(error, 'BIZ_TEMPORAL_UNSUPPORTED')) throw error;
      },
    );
  } finally {
    await connection.close();
  }
}

/** Adds the step to whatever fails in it. */
async function at<T>(step: Step, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const found = isBizError(error) ? error : undefined;
    throw new BizError(
      found?.code ?? 'BIZ_TEMPORAL_FAILED',
      `The check failed at "${STEP_NAMES[step]}": ${messageOf(error)}`,
      { cause: error, retryable: found?.retryable ?? false, details: { ...found?.details, step } },
    );
  }
}

async function checkName({ host, port }: Address): Promise<void> {
  if (isIP(host) !== 0) return;
  try {
    await lookup(host);
  } catch (cause) {
    throw failed(formatAddress({ host, port }), cause);
  }
}

async function checkSocket(address: Address, auth: TemporalAuthValues, secure: boolean): Promise<void> {
  const { host, port } = address;
  try {
    await new Promise<void>((resolve, reject) => {
      const name = auth.tlsServerName ?? (isIP(host) === 0 ? host : undefined);
      const socket = secure
        ? connectTls(
            {
              host,
              port,
              ALPNProtocols: ['h2'],
              ...(name === undefined ? {} : { servername: name }),
              ...tlsOptions(auth),
            },
            done,
          )
        : connectTcp({ host, port }, done);
      function done() {
        socket.destroy();
        resolve();
      }
      socket.setTimeout(STEP_TIMEOUT_MS, () => {
        socket.destroy();
        reject(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' }));
      });
      socket.once('error', reject);
    });
  } catch (cause) {
    throw failed(formatAddress(address), cause);
  }
}

function failed(where: string, cause: unknown): BizError {
  if (isBizError(cause)) return cause;
  return (
    unreachableError({ code: 'BIZ_TEMPORAL_UNREACHABLE', where, cause }) ??
    new BizError('BIZ_TEMPORAL_UNREACHABLE', `Cannot reach ${where}: ${messageOf(cause)}.`, { cause })
  );
}
