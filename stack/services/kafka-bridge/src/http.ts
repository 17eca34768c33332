import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BizError, isBizError, messageOf } from '@bizstack/contracts';
import { registrationIdSchema, registrationSchema } from '@bizstack/piece-kafka/dist/lib/bridge';
import { z } from 'zod';
import type { Logger } from './log';
import type { Metrics } from './metrics';
import type { Registrar } from './registrar';
import type { RegistrationStore, StoredRegistration } from './store';
import type { Supervisor } from './supervisor';

const MAX_BODY_BYTES = 512 * 1024;

const STATUS: Readonly<Record<string, number>> = {
  BIZ_BRIDGE_TOKEN: 401,
  BIZ_BRIDGE_ORIGIN_REFUSED: 403,
  BIZ_BRIDGE_UNKNOWN: 404,
  BIZ_BRIDGE_CLUSTER_OTHER: 409,
  BIZ_BRIDGE_GROUP_IN_USE: 409,
  BIZ_BRIDGE_TOO_LARGE: 413,
  BIZ_BRIDGE_TOPIC_UNKNOWN: 422,
  BIZ_INPUT_INVALID: 422,
  BIZ_KAFKA_FILTER_INVALID: 422,
};

export interface HttpParts {
  readonly token: string;
  readonly store: RegistrationStore;
  readonly registrar: Registrar;
  readonly supervisor: Supervisor;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Throws while the service cannot do its work. */
  readonly ready: () => Promise<void>;
}

/** The REST API, health and metrics. */
export function createHttpServer(parts: HttpParts): Server {
  const server = createServer((request, response) => {
    void answer(parts, request, response).catch((error: unknown) => fail(parts.log, response, error));
  });
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  return server;
}

async function answer(parts: HttpParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const { method = 'GET' } = request;
  if (method === 'GET' && pathname === '/healthz') return send(response, 200, { status: 'ok' });
  if (method === 'GET' && pathname === '/readyz') return readiness(parts, response);
  if (method === 'GET' && pathname === '/metrics') {
    response.writeHead(200, { 'content-type': parts.metrics.contentType }).end(await parts.metrics.text());
    return;
  }
  const [, id] = /^\/v1\/registrations(?:\/([^/]+))?$/.exec(pathname) ?? [undefined, undefined];
  if (!pathname.startsWith('/v1/')) throw unknown();
  requireToken(request, parts.token);
  if (pathname === '/v1/registrations' && method === 'GET') {
    const stored = await parts.store.list();
    return send(response, 200, { registrations: stored.map((one) => describe(parts, one)) });
  }
  if (id === undefined) throw unknown();
  const known = registrationIdSchema.safeParse(id);
  if (!known.success) throw new BizError('BIZ_INPUT_INVALID', 'The id of the registration is not valid.');
  switch (method) {
    case 'GET': {
      const stored = await parts.store.get(known.data);
      if (!stored) throw unknown();
      return send(response, 200, describe(parts, stored));
    }
    case 'PUT': {
      const parsed = registrationSchema.safeParse(await readJson(request));
      if (!parsed.success) {
        throw new BizError(
          'BIZ_INPUT_INVALID',
          `The registration is not valid: ${z.prettifyError(parsed.error)}`,
        );
      }
      return send(response, 200, await parts.registrar.register(known.data, parsed.data));
    }
    case 'DELETE':
      await parts.registrar.unregister(known.data);
      response.writeHead(204).end();
      return;
    default:
      throw unknown();
  }
}

async function readiness({ ready }: HttpParts, response: ServerResponse): Promise<void> {
  try {
    await ready();
    send(response, 200, { status: 'ready' });
  } catch (error) {
    send(response, 503, { status: 'not ready', message: messageOf(error) });
  }
}

function describe(
  { supervisor }: HttpParts,
  { id, registration, enabled, updatedAt }: StoredRegistration,
): object {
  return { id, enabled, updatedAt, registration, replica: supervisor.statusOf(id) ?? null };
}

function requireToken({ headers }: IncomingMessage, token: string): void {
  const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  // Hashes have one length, so that the comparison takes the same time whatever is given.
  const hash = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(hash(given), hash(token))) {
    throw new BizError('BIZ_BRIDGE_TOKEN', 'The token is missing or wrong.', {
      hint: 'Send it as "Authorization: Bearer <token>".',
    });
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new BizError('BIZ_BRIDGE_TOO_LARGE', 'The body is larger than 512 KB.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new BizError('BIZ_INPUT_INVALID', 'The body is not JSON.', { cause });
  }
}

function unknown(): BizError {
  return new BizError('BIZ_BRIDGE_UNKNOWN', 'There is nothing here.');
}

function fail(log: Logger, response: ServerResponse, error: unknown): void {
  const code = isBizError(error) ? error.code : 'BIZ_BRIDGE_FAILED';
  const status = STATUS[code] ?? 503;
  if (status >= 500) log.error('a request failed', { code, error: messageOf(error) });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  send(response, status, { code, message: messageOf(error) });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
