import { BizError, createConnectionParser, tlsOptions } from '@bizstack/piece-common';
import { type KafkaConfig, type SASLOptions, logLevel } from 'kafkajs';
import { z } from 'zod';
import { oauthTokenProvider } from './oauth';

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

/** The values of a connection, as a person or a file gave them. */
export const kafkaAuthSchema = z.object({
  brokers: z.string().trim().min(1),
  clientId: text,
  saslMechanism: z
    .enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'])
    .nullish()
    .transform((value) => value ?? 'none'),
  username: text,
  password: z.string().nullish(),
  oauthTokenUrl: text,
  oauthClientId: text,
  oauthClientSecret: z.string().nullish(),
  oauthScope: text,
  tls: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  tlsCa: text,
  tlsCert: text,
  tlsKey: text,
  tlsKeyPassphrase: text,
  registryUrl: text,
  registryUsername: text,
  registryPassword: text,
  registryToken: text,
  bridgeUrl: text,
  bridgeToken: text,
});

export type KafkaAuthValues = z.output<typeof kafkaAuthSchema>;
export type KafkaAuthInput = z.input<typeof kafkaAuthSchema>;

/** @throws BizError `BIZ_INPUT_INVALID` */
export const parseAuth: (props: unknown) => KafkaAuthValues = createConnectionParser(kafkaAuthSchema);

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * `host:port, host:port`; port 9092 where none is given; IPv6 in brackets.
 * @throws BizError `BIZ_KAFKA_BROKERS_INVALID`
 */
export function parseBrokers(brokers: string): BrokerAddress[] {
  const addresses = brokers
    .split(/[,\s]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^(?:[A-Z_]+:\/\/)?(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/]+))(?::(\d{1,5}))?$/.exec(part);
      const host = match?.[1] ?? match?.[2];
      const port = Number(match?.[3] ?? 9092);
      if (host === undefined || port < 1 || port > 65_535) {
        throw new BizError('BIZ_KAFKA_BROKERS_INVALID', `"${part}" is not a broker address.`, {
          hint: 'Write host:port, several separated by commas.',
        });
      }
      return { host, port };
    });
  if (addresses.length === 0) {
    throw new BizError('BIZ_KAFKA_BROKERS_INVALID', 'There is no broker address.', {
      hint: 'Write host:port.',
    });
  }
  return addresses;
}

/**
 * The kafkajs configuration of a connection.
 * @throws BizError when something is missing or unreadable; nothing is sent yet.
 */
export function kafkaConfig(auth: KafkaAuthValues): KafkaConfig {
  const sasl = saslOptions(auth);
  return {
    clientId: auth.clientId ?? 'bizstack',
    brokers: parseBrokers(auth.brokers).map(
      ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
    ),
    ssl: auth.tls ? tlsOptions(auth) : false,
    ...(sasl ? { sasl } : {}),
    connectionTimeout: 5_000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    retry: { retries: 4, initialRetryTime: 200, maxRetryTime: 3_000 },
    // Failures reach the caller as errors; a second copy in the engine's output helps nobody.
    logLevel: logLevel.NOTHING,
  };
}

function saslOptions(auth: KafkaAuthValues): SASLOptions | undefined {
  const { saslMechanism: mechanism } = auth;
  if (mechanism === 'none') return undefined;
  if (mechanism === 'oauthbearer') {
    const tokenUrl = required(auth.oauthTokenUrl, 'OAuth token URL', mechanism);
    const clientId = required(auth.oauthClientId, 'OAuth client id', mechanism);
    const clientSecret = required(auth.oauthClientSecret, 'OAuth client secret', mechanism);
    return {
      mechanism,
      oauthBearerProvider: oauthTokenProvider({ tokenUrl, clientId, clientSecret, scope: auth.oauthScope }),
    };
  }
  const username = required(auth.username, 'User name', mechanism);
  const password = required(auth.password, 'Password', mechanism);
  return { mechanism, username, password };
}

function required(value: string | null | undefined, name: string, mechanism: string): string {
  if (value) return value;
  throw new BizError('BIZ_KAFKA_AUTH_INCOMPLETE', `"${name}" is missing.`, {
    hint: `SASL ${mechanism.toUpperCase()} needs it.`,
  });
}
