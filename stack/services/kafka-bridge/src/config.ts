import { readFileSync } from 'node:fs';
import { BizError, messageOf } from '@bizstack/contracts';
import { type KafkaAuthValues, kafkaAuthSchema } from '@bizstack/piece-kafka/dist/lib/bridge';
import { z } from 'zod';
import { parseOrigins } from './origins';

type Environment = Readonly<Record<string, string | undefined>>;

const seconds = (fallback: number, max = 3_600) => z.coerce.number().int().min(1).max(max).default(fallback);

const settingsSchema = z.object({
  BRIDGE_HOST: z.string().default('127.0.0.1'),
  BRIDGE_PORT: z.coerce.number().int().min(0).max(65_535).default(8095),
  BRIDGE_TOKEN: z.string().min(16),
  BRIDGE_SIGNING_KEY: z.string().min(32),
  BRIDGE_DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//),
  BRIDGE_DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/)
    .default('kafka_bridge'),
  BRIDGE_WEBHOOK_ORIGINS: z.string(),
  /** Partitions of one registration that are delivered side by side. */
  BRIDGE_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(4),
  BRIDGE_SYNC_SECONDS: seconds(2),
  BRIDGE_SHUTDOWN_SECONDS: seconds(30),
  BRIDGE_SESSION_TIMEOUT_SECONDS: z.coerce.number().int().min(6).max(300).default(30),
  BRIDGE_RETRY_BASE_MS: z.coerce.number().int().min(10).max(60_000).default(500),
  BRIDGE_RETRY_MAX_MS: z.coerce.number().int().min(10).max(3_600_000).default(60_000),
});

/** Names of the connection's values in the environment. */
const KAFKA_VARIABLES = {
  brokers: 'KAFKA_BROKERS',
  clientId: 'KAFKA_CLIENT_ID',
  saslMechanism: 'KAFKA_SASL_MECHANISM',
  username: 'KAFKA_USERNAME',
  password: 'KAFKA_PASSWORD',
  oauthTokenUrl: 'KAFKA_OAUTH_TOKEN_URL',
  oauthClientId: 'KAFKA_OAUTH_CLIENT_ID',
  oauthClientSecret: 'KAFKA_OAUTH_CLIENT_SECRET',
  oauthScope: 'KAFKA_OAUTH_SCOPE',
  tlsCa: 'KAFKA_TLS_CA',
  tlsCert: 'KAFKA_TLS_CERT',
  tlsKey: 'KAFKA_TLS_KEY',
  tlsKeyPassphrase: 'KAFKA_TLS_KEY_PASSPHRASE',
  registryUrl: 'SCHEMA_REGISTRY_URL',
  registryUsername: 'SCHEMA_REGISTRY_USERNAME',
  registryPassword: 'SCHEMA_REGISTRY_PASSWORD',
  registryToken: 'SCHEMA_REGISTRY_TOKEN',
} as const;

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly signingKey: string;
  readonly database: { readonly url: string; readonly schema: string };
  readonly allowsWebhook: (url: string) => boolean;
  readonly kafka: KafkaAuthValues;
  readonly concurrency: number;
  readonly syncMs: number;
  readonly shutdownMs: number;
  readonly sessionTimeoutMs: number;
  readonly retry: { readonly baseMs: number; readonly maxMs: number };
}

/**
 * The configuration of the environment. Every variable may end in `_FILE` instead and name a file that holds
 * the value.
 * @throws BizError `BIZ_BRIDGE_CONFIG` naming each variable that is missing or wrong, never its value.
 */
export function readConfig(env: Environment): Config {
  const settings = settingsSchema.safeParse(read(env, Object.keys(settingsSchema.shape)));
  const kafkaValues = read(env, Object.values(KAFKA_VARIABLES));
  const kafka = kafkaAuthSchema.safeParse({
    ...Object.fromEntries(Object.entries(KAFKA_VARIABLES).map(([field, name]) => [field, kafkaValues[name]])),
    tls: env['KAFKA_TLS'] === 'true',
  });
  if (!settings.success || !kafka.success) {
    const problems = [
      ...(settings.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
      ...(kafka.error?.issues ?? []).map(({ path: [field], message }) => `${variableOf(field)}: ${message}`),
    ];
    throw new BizError('BIZ_BRIDGE_CONFIG', `The configuration is not complete: ${problems.join('; ')}.`, {
      hint: 'README.md lists every variable.',
    });
  }
  const { data } = settings;
  return {
    host: data.BRIDGE_HOST,
    port: data.BRIDGE_PORT,
    token: data.BRIDGE_TOKEN,
    signingKey: data.BRIDGE_SIGNING_KEY,
    database: { url: data.BRIDGE_DATABASE_URL, schema: data.BRIDGE_DATABASE_SCHEMA },
    allowsWebhook: parseOrigins(data.BRIDGE_WEBHOOK_ORIGINS),
    kafka: kafka.data,
    concurrency: data.BRIDGE_CONCURRENCY,
    syncMs: data.BRIDGE_SYNC_SECONDS * 1000,
    shutdownMs: data.BRIDGE_SHUTDOWN_SECONDS * 1000,
    sessionTimeoutMs: data.BRIDGE_SESSION_TIMEOUT_SECONDS * 1000,
    retry: { baseMs: data.BRIDGE_RETRY_BASE_MS, maxMs: data.BRIDGE_RETRY_MAX_MS },
  };
}

function read(env: Environment, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, valueOf(env, name)]));
}

function valueOf(env: Environment, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return env[name] === '' ? undefined : env[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new BizError('BIZ_BRIDGE_CONFIG', `${name}_FILE cannot be read: ${messageOf(cause)}.`, { cause });
  }
}

function variableOf(field: PropertyKey | undefined): string {
  return Object.entries(KAFKA_VARIABLES).find(([name]) => name === field)?.[1] ?? String(field);
}
