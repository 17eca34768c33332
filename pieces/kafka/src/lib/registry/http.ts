import { request as requestHttp, Agent as HttpAgent } from 'node:http';
import { request as requestHttps, Agent as HttpsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { TlsOptions } from '@bizstack/piece-common';

const TIMEOUT_MS = 10_000;
/** Schemas are kilobytes; whatever is larger is not a registry's answer. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface JsonAnswer {
  readonly status: number;
  /** Parsed, or undefined when the answer is no JSON. */
  readonly body: unknown;
}

export interface JsonClient {
  /** Rejects with the network's error; every status is an answer. Redirects are not followed. */
  request(method: string, path: string, body?: unknown): Promise<JsonAnswer>;
  close(): void;
}

export interface JsonClientOptions {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  readonly contentType: string;
  /** Milliseconds; 10,000 if not given. */
  readonly timeoutMs?: number;
}

/** A small JSON client with kept-alive connections that trusts a private authority beside the public ones. */
export function createJsonClient({
  baseUrl,
  headers,
  tls,
  contentType,
  timeoutMs = TIMEOUT_MS,
}: JsonClientOptions): JsonClient {
  const secure = baseUrl.startsWith('https:');
  const agent = secure
    ? new HttpsAgent({
        keepAlive: true,
        ...tls,
        ...(tls.ca === undefined ? {} : { ca: [...rootCertificates, tls.ca] }),
      })
    : new HttpAgent({ keepAlive: true });
  const base = baseUrl.replace(/\/+$/, '');

  return {
    request(method, path, body) {
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      return new Promise((resolve, reject) => {
        const outgoing = (secure ? requestHttps : requestHttp)(
          `${base}${path}`,
          {
            method,
            agent,
            signal: AbortSignal.timeout(timeoutMs),
            headers: {
              ...headers,
              accept: `${contentType}, application/json`,
              ...(payload ? { 'content-type': contentType, 'content-length': payload.length } : {}),
            },
          },
          (incoming) => {
            const chunks: Buffer[] = [];
            let size = 0;
            incoming.on('data', (chunk: Buffer) => {
              size += chunk.length;
              if (size > MAX_ANSWER_BYTES) incoming.destroy(new Error('the answer is larger than 8 MB'));
              else chunks.push(chunk);
            });
            incoming.once('error', reject);
            incoming.once('end', () =>
              resolve({ status: incoming.statusCode ?? 0, body: parseJson(Buffer.concat(chunks)) }),
            );
          },
        );
        outgoing.once('error', (error) => reject(timedOut(error)));
        outgoing.end(payload);
      });
    },
    close: () => agent.destroy(),
  };
}

function timedOut(error: Error): Error {
  return error.name === 'AbortError' || error.name === 'TimeoutError'
    ? Object.assign(new Error('no answer in time', { cause: error }), { code: 'ETIMEDOUT' })
    : error;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
