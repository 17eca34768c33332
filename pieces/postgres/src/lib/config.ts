import { createConnectionParser, tlsOptions } from '@bizstack/piece-common';
import type { ClientConfig } from 'pg';
import { z } from 'zod';

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

/** The values of a connection, as a person or a file gave them. */
export const postgresAuthSchema = z.object({
  host: z.string().trim().min(1),
  port: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .nullish()
    .transform((port) => port ?? 5432),
  database: z.string().trim().min(1),
  user: z.string().trim().min(1),
  password: z
    .string()
    .nullish()
    .transform((password) => password ?? ''),
  tlsMode: z
    .enum(['disable', 'require', 'verify-ca', 'verify-full'])
    .nullish()
    .transform((mode) => mode ?? 'disable'),
  tlsCa: text,
  tlsCert: text,
  tlsKey: text,
  tlsKeyPassphrase: text,
  readOnly: z
    .boolean()
    .nullish()
    .transform((readOnly) => readOnly ?? false),
  // A flow may take 600 s, and the step has to report what happened.
  statementTimeoutSeconds: z.coerce
    .number()
    .min(1)
    .max(570)
    .nullish()
    .transform((seconds) => seconds ?? 60),
});

export type PostgresAuthValues = z.output<typeof postgresAuthSchema>;

const CONNECT_TIMEOUT_MS = 10_000;
/** Above the server's own limit, for a server that no longer answers at all. */
const QUERY_TIMEOUT_MARGIN_MS = 10_000;

/** @throws BizError `BIZ_INPUT_INVALID` */
export const parseAuth: (props: unknown) => PostgresAuthValues = createConnectionParser(postgresAuthSchema);

/** @throws BizError `BIZ_TLS_…` when a certificate or key cannot be used. */
export function clientConfig(auth: PostgresAuthValues): ClientConfig {
  const timeoutMs = Math.round(auth.statementTimeoutSeconds * 1000);
  return {
    host: auth.host,
    port: auth.port,
    database: auth.database,
    user: auth.user,
    password: auth.password,
    ssl: sslOptions(auth),
    application_name: 'bizstack',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + QUERY_TIMEOUT_MARGIN_MS,
    idle_in_transaction_session_timeout: timeoutMs,
    keepAlive: true,
    ...(auth.readOnly ? { options: '-c default_transaction_read_only=on' } : {}),
  };
}

function sslOptions(auth: PostgresAuthValues): ClientConfig['ssl'] {
  if (auth.tlsMode === 'disable') return false;
  return {
    ...tlsOptions(auth),
    rejectUnauthorized: auth.tlsMode !== 'require',
    ...(auth.tlsMode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}
