import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { Batcher, QueueFullError } from './batcher';
import { loadModel, type Model } from './model';
import { MODEL_NAME } from './model-files';
import { embeddingsRequestSchema } from './request';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Texts that may wait at once before the server answers 429. */
const MAX_WAITING = 20_000;

export interface ServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly modelDir: string;
  /** Callers must send it as a bearer token; undefined lets everyone in. */
  readonly apiKey: string | undefined;
  readonly threads: number;
}

export interface EmbeddingsServer {
  readonly url: string;
  /** Ends idle connections, waits for running requests, frees the model. */
  close(): Promise<void>;
}

/** An error answer in OpenAI's shape. */
class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export async function startServer(options: ServerOptions): Promise<EmbeddingsServer> {
  const model = await loadModel(options.modelDir, options.threads);
  const batcher = new Batcher(model, MAX_WAITING);
  const server = createServer((request, response) => {
    handle(request, options.apiKey, model, batcher)
      .then((body) => send(response, 200, body))
      .catch((error: unknown) => sendError(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      await model.close();
    },
  };
}

async function handle(
  request: IncomingMessage,
  apiKey: string | undefined,
  model: Model,
  batcher: Batcher,
): Promise<unknown> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (request.method === 'GET' && path === '/healthz') {
    return { status: 'ok', model: MODEL_NAME, dimensions: model.dimensions, waiting: batcher.waiting };
  }
  authorize(request, apiKey);
  if (request.method === 'GET' && path === '/v1/models') {
    return { object: 'list', data: [{ id: MODEL_NAME, object: 'model', created: 0, owned_by: 'bizstack' }] };
  }
  if (path !== '/v1/embeddings') {
    throw new ApiError(
      404,
      'not_found',
      `Nothing is served at ${path}. Use POST /v1/embeddings or GET /v1/models.`,
    );
  }
  if (request.method !== 'POST') throw new ApiError(405, 'method_not_allowed', 'Use POST /v1/embeddings.');
  return embeddings(await readJson(request), model, batcher);
}

async function embeddings(body: unknown, model: Model, batcher: Batcher): Promise<unknown> {
  const parsed = embeddingsRequestSchema.safeParse(body);
  if (!parsed.success) throw new ApiError(400, 'invalid_request', z.prettifyError(parsed.error));
  const { input, dimensions, encoding_format } = parsed.data;
  if (dimensions !== undefined && dimensions !== model.dimensions) {
    throw new ApiError(400, 'invalid_request', `dimensions must be ${model.dimensions} or left out.`);
  }
  const { vectors, tokens } = await batcher.embed(typeof input === 'string' ? [input] : input);
  const encode = (vector: readonly number[]) =>
    encoding_format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector;
  const count = Math.round(tokens);
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
    model: MODEL_NAME,
    usage: { prompt_tokens: count, total_tokens: count },
  };
}

function authorize(request: IncomingMessage, apiKey: string | undefined): void {
  if (apiKey === undefined) return;
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(apiKey))) {
    throw new ApiError(
      401,
      'invalid_api_key',
      'Wrong or missing API key. Send it as "Authorization: Bearer …".',
    );
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const buffer = Buffer.from(chunk as Uint8Array);
    size += buffer.length;
    if (size > MAX_BODY_BYTES) {
      throw new ApiError(
        413,
        'too_large',
        `The body is over ${MAX_BODY_BYTES / 1024 / 1024} MB. Send fewer texts at once.`,
      );
    }
    chunks.push(buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ApiError(400, 'invalid_json', 'The body is not JSON.');
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof ApiError
      ? error
      : error instanceof QueueFullError
        ? new ApiError(429, 'overloaded', 'Too many texts are waiting. Try again in a second.')
        : new ApiError(500, 'internal', 'The model failed on this input; see the log of the server.');
  if (known.status === 500)
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  if (response.headersSent) return void response.destroy();
  const headers: Record<string, string> = known.status === 429 ? { 'retry-after': '1' } : {};
  // What is left of an oversized body is not read; the connection cannot be used again.
  if (known.status === 413) headers.connection = 'close';
  send(
    response,
    known.status,
    {
      error: {
        message: known.message,
        type: known.status < 500 ? 'invalid_request_error' : 'server_error',
        code: known.code,
      },
    },
    headers,
  );
}
