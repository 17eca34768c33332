import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

const flag = (otherwise: boolean) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? otherwise);

/** The values of a connection, as a person or a file gave them. */
export const clickhouseAuthSchema = z.object({
  url: z.string().trim().min(1),
  user: text,
  // Not trimmed: a password may begin or end with a space.
  password: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
  accessToken: text,
  database: text,
  roles: text,
  tlsVerify: flag(true),
  tlsCa: text,
  tlsCert: text,
  tlsKey: text,
  tlsKeyPassphrase: text,
  certificateLogin: flag(false),
  proxyUrl: text,
  compression: z
    .enum(['none', 'gzip', 'zstd', 'br'])
    .nullish()
    .transform((value) => value ?? 'none'),
  readOnly: flag(false),
  settingsLocked: flag(false),
  // A flow may take 600 s, and the step has to report what happened.
  timeoutSeconds: z.coerce
    .number()
    .min(1)
    .max(570)
    .nullish()
    .transform((seconds) => seconds ?? 60),
});

export interface ClickHouseAuthValues extends Omit<
  z.output<typeof clickhouseAuthSchema>,
  'url' | 'database'
> {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path of a reverse proxy before the server; empty without one. */
  readonly pathname: string;
  readonly database: string;
}

/**
 * @throws BizError `BIZ_INPUT_INVALID`, `BIZ_CLICKHOUSE_URL_INVALID`, `BIZ_CLICKHOUSE_LOGIN_AMBIGUOUS`
 */
export function parseAuth(props: unknown): ClickHouseAuthValues {
  const { url: address, database, ...values } = parseInput('Connection', props, clickhouseAuthSchema);
  const url = parseUrl(address);
  if (values.accessToken !== undefined && (values.password !== '' || values.certificateLogin)) {
    throw new BizError('BIZ_CLICKHOUSE_LOGIN_AMBIGUOUS', 'The connection has several ways to log in.', {
      hint: 'Give a password, or an access token, or switch "Log in with the client certificate" on.',
    });
  }
  return {
    ...values,
    origin: url.origin,
    pathname: url.pathname.replace(/\/+$/, ''),
    database: database ?? 'default',
  };
}

function parseUrl(address: string): URL {
  const complete = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  const url = URL.canParse(complete) ? new URL(complete) : undefined;
  const problem = !url
    ? 'is not a URL'
    : !/^https?:$/.test(url.protocol)
      ? 'does not begin with http:// or https://'
      : url.username !== '' || url.password !== ''
        ? 'holds a user or password'
        : url.search !== '' || url.hash !== ''
          ? 'holds parameters'
          : undefined;
  if (url && problem === undefined) return url;
  // The address itself may hold a password, so it is not shown.
  throw new BizError('BIZ_CLICKHOUSE_URL_INVALID', `The URL of the connection ${problem}.`, {
    hint: 'Write for example https://abc.clickhouse.cloud:8443; user, password and database have fields of their own.',
  });
}

/** Host and port, for messages. */
export function placeOf({ origin }: ClickHouseAuthValues): string {
  return `ClickHouse at ${new URL(origin).host}`;
}

/** What must never be shown of a connection. */
export function secretsOf(props: {
  password?: string | undefined;
  accessToken?: string | undefined;
  tlsKeyPassphrase?: string | undefined;
  proxyUrl?: string | undefined;
}): (string | undefined)[] {
  return [props.password, props.accessToken, props.tlsKeyPassphrase, props.proxyUrl];
}
