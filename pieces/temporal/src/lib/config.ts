import { createPrivateKey } from 'node:crypto';
import { BizError, createConnectionParser, tlsOptions } from '@bizstack/piece-common';
import {
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { z } from 'zod';
import { type CodecKeys, parseKey, parseKeyRing } from './codec';

const DEFAULT_PORT = 7233;
const CONNECT_TIMEOUT_MS = 10_000;
/** Calls in all for a request that the server could not take; with back-off about 2 s. */
const ATTEMPTS = 5;

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

/** The values of a connection, as a person or a file gave them. */
export const temporalAuthSchema = z.object({
  address: z.string().trim().min(1),
  namespace: text.transform((namespace) => namespace ?? 'default'),
  tls: z
    .boolean()
    .nullish()
    .transform((tls) => tls ?? false),
  tlsServerName: text,
  tlsCa: text,
  tlsCert: text,
  tlsKey: text,
  tlsKeyPassphrase: text,
  apiKey: text,
  codecKey: text,
  codecKeyId: text,
  codecOldKeys: text,
});

export type TemporalAuthValues = z.output<typeof temporalAuthSchema>;

/** @throws BizError `BIZ_INPUT_INVALID` */
export const parseAuth: (props: unknown) => TemporalAuthValues = createConnectionParser(temporalAuthSchema);

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * `host`, `host:port` or `[v6]:port`; the port is 7233 unless given.
 * @throws BizError `BIZ_TEMPORAL_ADDRESS_INVALID`
 */
export function parseAddress(address: string): Address {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/i.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new BizError('BIZ_TEMPORAL_ADDRESS_INVALID', `"${address}" is not an address.`, {
      hint: 'Write host:port, for example localhost:7233, without https://.',
    });
  }
  return { host, port };
}

/** The address as text, for messages and for the client. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** True when the connection is encrypted: asked for, or implied by an API key or a certificate. */
export function usesTls({ tls, apiKey, tlsCa, tlsCert }: TemporalAuthValues): boolean {
  return tls || [apiKey, tlsCa, tlsCert].some((value) => value !== undefined);
}

/** @throws BizError `BIZ_TEMPORAL_ADDRESS_INVALID`, `BIZ_TLS_…` */
export function connectionOptions(auth: TemporalAuthValues): ConnectionOptions {
  const retry = defaultGrpcRetryOptions({ maxAttempts: ATTEMPTS });
  return {
    address: formatAddress(parseAddress(auth.address)),
    connectTimeout: CONNECT_TIMEOUT_MS,
    tls: usesTls(auth) ? tlsConfig(auth) : false,
    ...(auth.apiKey === undefined ? {} : { apiKey: auth.apiKey }),
    // After an outage a run must not wait for minutes until the channel looks again.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 5_000 },
    interceptors: [
      makeGrpcRetryInterceptor({
        ...retry,
        retryableDecider: (attempt, status) =>
          !/larger than max/i.test(status.details) && retry.retryableDecider(attempt, status),
      }),
    ],
  };
}

function tlsConfig(auth: TemporalAuthValues): Exclude<ConnectionOptions['tls'], boolean | null | undefined> {
  const { ca, cert, key, passphrase } = tlsOptions(auth);
  return {
    ...(auth.tlsServerName === undefined ? {} : { serverNameOverride: auth.tlsServerName }),
    ...(ca === undefined ? {} : { serverRootCACertificate: Buffer.from(ca) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { clientCertPair: { crt: Buffer.from(cert), key: Buffer.from(decrypted(key, passphrase)) } }),
  };
}

/** The client cannot be given a passphrase, so the key is decrypted here, in memory. */
function decrypted(key: string, passphrase: string | undefined): string {
  if (passphrase === undefined) return key;
  return createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The keys of the payload codec; undefined when payloads are not encrypted. @throws BizError */
export function codecKeys({ codecKey, codecKeyId, codecOldKeys }: TemporalAuthValues): CodecKeys | undefined {
  if (codecKey === undefined) {
    if (codecOldKeys === undefined) return undefined;
    throw new BizError('BIZ_TEMPORAL_CODEC_KEY_INVALID', 'There are older codec keys but no current one.', {
      hint: 'Set the payload codec key as well.',
    });
  }
  const current = codecKeyId ?? 'default';
  return {
    current,
    ring: new Map([...parseKeyRing(codecOldKeys ?? ''), [current, parseKey(codecKey)]]),
  };
}

/** Everything of a connection that may not be shown. */
export function secretsOf(auth: {
  readonly apiKey?: string | undefined;
  readonly tlsKeyPassphrase?: string | undefined;
  readonly codecKey?: string | undefined;
  readonly codecOldKeys?: string | undefined;
}): (string | undefined)[] {
  return [auth.apiKey, auth.tlsKeyPassphrase, auth.codecKey, auth.codecOldKeys];
}
