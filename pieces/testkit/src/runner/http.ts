import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { TriggerPayload } from '@activepieces/shared';
import { contentDisposition } from '../context/file-host';
import { BizError, codeOf, describeError, isBizError } from '../errors';
import type { Redactor, RunnerLog } from '../log';
import { parseJson } from '../values';
import { parseBody, readBody } from './http-body';
import { RUN_STATUSES } from './records';
import type { FlowRunner, SyncAnswer } from './runner';

export interface RunnerServerOptions {
  runner: FlowRunner;
  host: string;
  port: number;
  log: RunnerLog;
  redactor: Redactor;
}

/**
 * The HTTP side of a runner; loopback only, because it has no accounts. Resolves once it listens.
 * Rejects with `BIZ_RUNNER_HOST` for an address that others can reach.
 */
export async function listen(
  options: RunnerServerOptions,
): Promise<{ baseUrl: string; close(): Promise<void> }> {
  if (!isLoopback(options.host)) {
    throw new BizError(
      'BIZ_RUNNER_HOST',
      `The runner listens on a loopback address only, not on ${options.host}.`,
      {
        hint: 'Put a proxy with authentication in front of it.',
      },
    );
  }
  const server: Server = createServer((request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      options.log('error', 'request failed', {
        path: request.url?.split('?')[0],
        error: describeError(error),
        code: codeOf(error),
      });
      if (!response.headersSent) sendError(response, error, options.redactor);
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new BizError('BIZ_RUNNER_PORT', `Cannot listen on ${options.host}:${options.port}.`, {
          hint: 'Give another --port.',
          cause,
        }),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    baseUrl: `http://${isIP(options.host) === 6 ? `[${options.host}]` : options.host}:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Whoever still sends has had the whole time that the runs had.
        setTimeout(() => server.closeAllConnections(), 500).unref();
      }),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A page in a browser that resolves its own name to this machine sends its own name as Host. */
function isForeign(request: IncomingMessage): boolean {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').replaceAll(/^\[|\]$/g, '');
  return name !== '' && !isLoopback(name);
}

async function handle(
  options: RunnerServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [first = '', second = '', ...rest] = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(safeDecode);
  if (isForeign(request)) return send(response, 403, { message: 'Only this machine may ask.' });
  switch (first) {
    case 'healthz':
      return health(options.runner, response);
    case 'flows':
      return flows(options, request, response, second, rest[0]);
    case 'runs':
      return runs(options, request, response, url, second, rest[0]);
    case 'webhooks':
      return webhook(options, request, response, url, second, rest[0] === 'sync');
    case 'v1':
      return version1(options, request, response, url, [second, ...rest]);
    default:
      return send(response, 404, { message: 'Not found' });
  }
}

function health(runner: FlowRunner, response: ServerResponse): void {
  const status = runner.isStopping ? 'stopping' : runner.ready ? 'ready' : 'starting';
  send(response, status === 'ready' ? 200 : 503, { status, flows: runner.flows() });
}

async function flows(
  options: RunnerServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  action: string | undefined,
): Promise<void> {
  if (id === '') return send(response, 200, { flows: options.runner.flows() });
  if (action !== 'run' || request.method !== 'POST')
    return send(response, 405, { message: 'POST /flows/<id>/run' });
  if (isCrossSite(request)) return send(response, 403, { message: 'Not from a web page.' });
  const text = (await readBody(request)).toString('utf8');
  const payload = text === '' ? {} : parseJson(text);
  if (payload === undefined) return send(response, 400, { message: 'The body is not JSON.' });
  const run = await options.runner.startFlow(id, payload);
  if (run === undefined) return send(response, 404, { message: `There is no flow "${id}".` });
  send(response, 202, { run: { id: run.id, status: run.status } });
}

async function runs(
  { runner, redactor }: RunnerServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  id: string,
  action: string | undefined,
): Promise<void> {
  if (id === '') {
    const limit = Number(url.searchParams.get('limit') ?? 50);
    const status = url.searchParams.get('status') ?? undefined;
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
      return send(response, 400, { message: 'limit is 1 to 1000.' });
    if (status !== undefined && !RUN_STATUSES.some((known) => known === status)) {
      return send(response, 400, { message: `status is one of ${RUN_STATUSES.join(', ')}.` });
    }
    const found = runner.runs({ limit, status, flow: url.searchParams.get('flow') ?? undefined });
    const list = found.map(({ steps: _steps, payload: _payload, resumePayload: _resume, ...run }) => run);
    return send(response, 200, redactor.value({ runs: list }));
  }
  if (action === undefined) {
    const run = runner.run(id);
    return run === undefined
      ? send(response, 404, { message: `There is no run ${id}.` })
      : send(response, 200, redactor.value({ run }));
  }
  if (action !== 'retry' || request.method !== 'POST')
    return send(response, 405, { message: 'POST /runs/<id>/retry' });
  if (isCrossSite(request)) return send(response, 403, { message: 'Not from a web page.' });
  const run = await runner.retry(id, url.searchParams.get('strategy') === 'FROM_FAILED_STEP');
  send(response, 202, { run: { id: run.id, status: run.status, attempt: run.attempt } });
}

async function webhook(
  { runner }: RunnerServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  flow: string,
  sync: boolean,
): Promise<void> {
  const answer = await runner.webhook(flow, await toPayload(runner, request, url), sync);
  if (answer === undefined)
    return send(response, 404, { message: `There is no flow "${flow}" with a webhook.` });
  sendAnswer(response, answer);
}

/** The server's own paths: files of steps, and the URLs that resume a run. */
async function version1(
  { runner }: RunnerServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  [kind, id = '', what, waitpoint = '', sync]: string[],
): Promise<void> {
  if (kind === 'step-files') {
    const file = runner.files.read(id);
    if (file === undefined) return send(response, 404, { message: 'There is no such file.' });
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-disposition': contentDisposition(file.fileName),
    });
    response.end(file.data);
    return;
  }
  if (kind === 'flow-runs' && (what === 'waitpoints' || what === 'requests')) {
    const payload = await toPayload(runner, request, url);
    sendAnswer(
      response,
      await runner.resume(id, what === 'waitpoints' ? waitpoint : undefined, payload, sync === 'sync'),
    );
    return;
  }
  send(response, 404, { message: 'Not found' });
}

async function toPayload(runner: FlowRunner, request: IncomingMessage, url: URL): Promise<TriggerPayload> {
  const data = await readBody(request);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    body: await parseBody(
      data,
      headers['content-type'] ?? '',
      runner.files.service(() => url.origin),
    ),
    rawBody: data.toString('utf8'),
    headers,
    queryParams: Object.fromEntries(url.searchParams),
  };
}

function isCrossSite(request: IncomingMessage): boolean {
  const origin = request.headers.origin;
  return origin !== undefined && !URL.canParse(origin)
    ? true
    : origin !== undefined && !isLoopback(new URL(origin).hostname);
}

function sendAnswer(response: ServerResponse, { status, headers, body }: SyncAnswer): void {
  if (body === undefined || status === 204) {
    response.writeHead(status, headers).end();
  } else if (typeof body === 'string') {
    response
      .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...lowerCase(headers) })
      .end(body);
  } else {
    response
      .writeHead(status, { 'content-type': 'application/json', ...lowerCase(headers) })
      .end(JSON.stringify(body));
  }
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const STATUS_OF: Readonly<Record<string, number>> = {
  BIZ_HTTP_BODY_TOO_LARGE: 413,
  BIZ_HTTP_BODY_INVALID: 400,
  BIZ_RUN_UNKNOWN: 404,
  BIZ_RUN_NOT_FAILED: 409,
};

function sendError(response: ServerResponse, error: unknown, redactor: Redactor): void {
  const code = codeOf(error);
  const status = STATUS_OF[code ?? ''] ?? 500;
  // The rest of a body that was refused is not read.
  response.setHeader('connection', 'close');
  send(response, status, {
    code,
    message: isBizError(error) ? redactor.text(error.message) : 'The request failed.',
  });
}

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
