import { readFileSync } from 'node:fs';
import { BizError, messageOf } from '@bizstack/contracts';
import { z } from 'zod';
import { parseOrigins } from './activities/http';
import { TASK_QUEUE } from './client';

type Environment = Readonly<Record<string, string | undefined>>;

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const httpUrl = z.url({ protocol: /^https?$/ });

const settingsSchema = z.object({
  WORKFLOWS_HOST: z.string().default('127.0.0.1'),
  WORKFLOWS_PORT: port(8096),
  /** 0 = no metrics. */
  WORKFLOWS_METRICS_PORT: port(8097),
  WORKFLOWS_DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must begin with postgres://'),
  WORKFLOWS_TASK_QUEUE: z.string().min(1).default(TASK_QUEUE),
  WORKFLOWS_CONCURRENCY: z.coerce.number().int().min(1).max(500).default(20),
  /** Workflows that are kept in memory between two tasks, about 3 MB each; the others are replayed. */
  WORKFLOWS_CACHED: z.coerce.number().int().min(0).max(10_000).default(250),
  WORKFLOWS_SHUTDOWN_SECONDS: z.coerce.number().int().min(1).max(600).default(30),
  WORKFLOWS_DELIVERY_URL: httpUrl.optional(),
  WORKFLOWS_DELIVERY_SECRET: z.string().min(16).optional(),
  WORKFLOWS_EXTRACTOR_URL: httpUrl.optional(),
  WORKFLOWS_EXTRACTOR_TOKEN: z.string().min(1).optional(),
  WORKFLOWS_STRIPE_URL: httpUrl.default('https://api.stripe.com'),
  WORKFLOWS_STRIPE_KEY: z.string().min(8).optional(),
  WORKFLOWS_SEPA_DIRECTORY: z.string().min(1).optional(),
  WORKFLOWS_SEPA_NAME: z.string().min(1).max(70).optional(),
  WORKFLOWS_SEPA_IBAN: z.string().min(15).max(42).optional(),
  WORKFLOWS_SEPA_BIC: z.string().min(8).max(11).optional(),
  /** Origins that content may be sent to. */
  WORKFLOWS_PUBLISH_ORIGINS: z.string().default(''),
  WORKFLOWS_PUBLISH_TOKEN: z.string().min(1).optional(),
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_API_KEY: z.string().min(1).optional(),
  TEMPORAL_TLS: z.enum(['true', 'false']).default('false'),
  TEMPORAL_TLS_CA: z.string().optional(),
  TEMPORAL_TLS_CERT: z.string().optional(),
  TEMPORAL_TLS_KEY: z.string().optional(),
  /** Comma separated; without it events stay in the outbox. */
  KAFKA_BROKERS: z.string().min(1).optional(),
  /** Traces are off without it. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
});

export type Settings = z.output<typeof settingsSchema>;

export interface Config {
  readonly settings: Settings;
  readonly allowsTarget: (url: string) => boolean;
}

/**
 * The configuration of the environment. Every variable may end in `_FILE` instead and name a file that holds
 * the value.
 * @throws BizError `BIZ_WORKFLOWS_CONFIG` naming each variable that is missing or wrong, never its value
 */
export function readConfig(env: Environment): Config {
  const values = Object.fromEntries(
    Object.keys(settingsSchema.shape).map((name) => [name, valueOf(env, name)]),
  );
  const parsed = settingsSchema.safeParse(values);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new BizError('BIZ_WORKFLOWS_CONFIG', `The configuration is not complete: ${problems.join('; ')}.`, {
      hint: 'README.md lists every variable.',
    });
  }
  return { settings: parsed.data, allowsTarget: parseOrigins(parsed.data.WORKFLOWS_PUBLISH_ORIGINS) };
}

function valueOf(env: Environment, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return env[name] === '' ? undefined : env[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new BizError('BIZ_WORKFLOWS_CONFIG', `${name}_FILE cannot be read: ${messageOf(cause)}.`, {
      cause,
    });
  }
}
