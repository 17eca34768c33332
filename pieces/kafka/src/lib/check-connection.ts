import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BizError, isBizError, messageOf, tlsOptions, unreachableError } from '@bizstack/piece-common';
import { Kafka, type KafkaConfig } from 'kafkajs';
import { type BrokerAddress, type KafkaAuthValues, kafkaConfig, parseBrokers } from './config';
import { withBridge } from './bridge/client';
import { kafkaError } from './errors';
import { withRegistry } from './registry/registry';

const STEP_TIMEOUT_MS = 8_000;

/**
 * Tries a connection step by step, so that the error names the step that failed: name, TCP, TLS, login,
 * rights, Schema Registry, bridge. One broker that answers is enough.
 * @throws BizError
 */
export async function checkConnection(auth: KafkaAuthValues): Promise<void> {
  const config = kafkaConfig(auth);
  const { host, port } = await firstReachable(auth);
  const broker = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  // Asked first, because kafkajs would report whatever goes wrong there as a refused login.
  if (auth.saslMechanism === 'oauthbearer') await fetchOauthToken(config);
  const admin = new Kafka({ ...config, brokers: [broker], retry: { retries: 0 } }).admin();
  try {
    await admin.connect();
    await admin.listTopics();
  } catch (error) {
    throw explain(error, auth);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
  if (auth.registryUrl !== undefined) await withRegistry(auth, ({ client }) => client.check());
  if (auth.bridgeUrl !== undefined) await withBridge(auth, (bridge) => bridge.check());
}

async function fetchOauthToken({ sasl }: KafkaConfig): Promise<void> {
  if (sasl && 'oauthBearerProvider' in sasl) await sasl.oauthBearerProvider();
}

async function firstReachable(auth: KafkaAuthValues): Promise<BrokerAddress> {
  const failures: unknown[] = [];
  for (const address of parseBrokers(auth.brokers)) {
    try {
      await checkName(address);
      await checkSocket(address, auth);
      return address;
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures[0];
}

function explain(error: unknown, auth: KafkaAuthValues): BizError {
  const readable = kafkaError(error, { brokers: auth.brokers });
  if (readable.code !== 'BIZ_KAFKA_UNREACHABLE') return readable;
  // TCP (and TLS) worked a moment ago, so the broker hung up on what was said.
  return new BizError(
    'BIZ_KAFKA_CONNECTION_REFUSED',
    'The broker accepts the connection but closes it again.',
    {
      hint: auth.tls
        ? 'Check whether this port expects SASL, another SASL mechanism, or a client certificate.'
        : 'This port may expect TLS or SASL; the broker may also advertise an address that cannot be reached from here.',
      cause: error,
    },
  );
}

async function checkName({ host, port }: BrokerAddress): Promise<void> {
  if (isIP(host) !== 0) return;
  try {
    await lookup(host);
  } catch (cause) {
    throw failed(`${host}:${port}`, cause);
  }
}

async function checkSocket({ host, port }: BrokerAddress, auth: KafkaAuthValues): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      const socket = auth.tls
        ? connectTls(
            { host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tlsOptions(auth) },
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
    throw failed(`${host}:${port}`, cause);
  }
}

function failed(where: string, cause: unknown): BizError {
  if (isBizError(cause)) return cause;
  return (
    unreachableError({ code: 'BIZ_KAFKA_UNREACHABLE', where, cause }) ??
    new BizError('BIZ_KAFKA_UNREACHABLE', `Cannot reach ${where}: ${messageOf(cause)}.`, { cause })
  );
}
