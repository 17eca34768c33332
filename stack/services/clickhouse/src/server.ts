import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { type Duplex } from 'node:stream';
import { BizError } from '@bizstack/contracts';
import { ConnectionPool } from './engine/connection-pool';
import { Engine } from './engine/engine';
import { RunningQueries } from './engine/running';
import { Sessions } from './engine/sessions';
import { Slots } from './engine/slots';
import { toClickHouseError } from './errors';
import { authenticate } from './http/auth';
import { handleQuery, type HandlerSettings } from './http/handle-query';
import { sendError } from './http/result-writer';
import { parseOptions, type ServerOptions } from './options';
import { type QueryContext } from './query/context';
import { FifoPool } from './query/fifo';
import { Spool } from './query/spool';

export interface RunningServer {
  /** For example `http://127.0.0.1:8123`. */
  readonly url: string;
  /** Version of the ClickHouse engine. */
  readonly version: string;
  /** Refuses new requests, lets running ones end for at most `stopTimeoutMs`, then closes the engine. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 10_000;
const HEADERS_MS = 60_000;
const DISCARD_MS = 30_000;
/** URL and headers together; long query parameters may come in the URL. */
const MAX_HEADER_BYTES = 1024 * 1024 + 64 * 1024;

/**
 * Starts the server. One process can run one (the engine binds one data directory per process), and the
 * environment's `UV_THREADPOOL_SIZE` bounds `maxConcurrentQueries` (Node.js' default of 4 threads allows one).
 * @throws BizError `BIZ_CLICKHOUSE_…` naming the option, directory or port that is wrong
 */
export async function startServer(input: ServerOptions): Promise<RunningServer> {
  const options = parseOptions(input);
  const dataDir = resolve(options.dataDir);
  const engine = await Engine.open(join(dataDir, 'engine'));
  const spool = new Spool(join(dataDir, 'spool'), options);
  const fifos = await FifoPool.create(spool.dir, options.maxConcurrentQueries);
  const context: QueryContext = {
    engine,
    spool,
    fifos,
    pool: new ConnectionPool(engine, options.maxConcurrentQueries),
    sessions: new Sessions(engine, options.maxSessions),
    slots: new Slots(options.maxConcurrentQueries, options.maxQueuedQueries, options.queueTimeoutMs),
    running: new RunningQueries(engine, options.user),
  };
  const settings: HandlerSettings = {
    maxQueryBytes: options.maxQueryBytes,
    receiveTimeoutMs: options.receiveTimeoutMs,
    sendTimeoutMs: options.sendTimeoutMs,
    versionNote: `(version ${engine.version} (embedded))`,
  };
  const server = createServer({
    requestTimeout: 0,
    headersTimeout: HEADERS_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  server.on('clientError', answerBadRequest);
  server.on('request', (request, response) => {
    void serve({ context, settings, options }, request, response);
  });
  const close = async (): Promise<void> => {
    await closeHttp(server, context, options.stopTimeoutMs);
    context.sessions.close();
    context.pool.close();
    await engine.close();
    spool.close();
  };
  try {
    await listen(server, options.port, options.host);
  } catch (cause) {
    await engine.close();
    throw new BizError('BIZ_CLICKHOUSE_LISTEN', `Could not listen on ${options.host}:${options.port}.`, {
      hint: 'Is the port taken? Choose another one by --port.',
      cause,
    });
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  let closing: Promise<void> | undefined;
  return { url: `http://${host}:${port}`, version: engine.version, close: () => (closing ??= close()) };
}

interface Serving {
  readonly context: QueryContext;
  readonly settings: HandlerSettings;
  readonly options: ReturnType<typeof parseOptions>;
}

async function serve(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { context, settings, options } = serving;
  // A client that goes away is met where the body is read or the answer is written.
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  try {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const isQuery = url.pathname === '/' && (request.method === 'POST' || url.searchParams.has('query'));
    if (!['GET', 'HEAD', 'POST'].includes(request.method ?? '')) {
      response.setHeader('Allow', 'GET, HEAD, POST');
      return plain(response, 405, `Method ${request.method ?? ''} is not served.\n`);
    }
    if (url.pathname === '/ping' || url.pathname === '/replicas_status') return plain(response, 200, 'Ok.\n');
    if (url.pathname === '/' && !isQuery) return plain(response, 200, 'Ok.\n');
    if (!isQuery) {
      return plain(
        response,
        404,
        `There is no handle ${url.pathname}\n\nUse / for queries and /ping for health checks.\n`,
      );
    }
    response.setHeader('X-ClickHouse-Server-Display-Name', hostname());
    response.setHeader('X-ClickHouse-Timezone', context.engine.timezone);
    authenticate(request, url.searchParams, options);
    await handleQuery(context, settings, request, response, url.searchParams);
  } catch (error) {
    const known = toClickHouseError(error);
    if (response.headersSent || response.destroyed) response.destroy();
    else sendError(response, known, `${known.text} ${settings.versionNote}`);
  } finally {
    discardRest(request);
  }
}

/** The rest of a refused upload is read and thrown away, so that its client gets to read the answer. */
function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.unpipe();
  // As long as somebody waits for 'readable', resume() does nothing.
  request.removeAllListeners('readable');
  request.resume();
  const timer = setTimeout(() => request.destroy(), DISCARD_MS).unref();
  request.once('close', () => clearTimeout(timer));
}

/** What Node.js refuses before it becomes a request. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW';
  const text = tooLong
    ? `The URL and the headers are longer than ${MAX_HEADER_BYTES} bytes: send the parameters as multipart/form-data.\n`
    : 'The request is not valid HTTP/1.1.\n';
  const status = tooLong ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
  );
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8' });
  response.end(text);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((settle, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      settle();
    });
  });
}

async function closeHttp(server: Server, context: QueryContext, timeoutMs: number): Promise<void> {
  const closed = new Promise<void>((settle) => server.close(() => settle()));
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    void context.running.cancelAll();
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearTimeout(timer);
  await context.running.settled();
}
