import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { failure } from '../errors';
import { type QueryContext } from '../query/context';
import { executeInsert, type InsertInput } from '../query/execute-insert';
import { executeStatement } from '../query/execute-statement';
import { parseInsertHead } from '../sql/insert-head';
import { decodeBody } from './compression';
import { contentTypeOf } from './formats';
import { parseMultipart } from './multipart';
import { type QueryOptions, readOptions } from './request';
import { ResultWriter } from './result-writer';

export interface HandlerSettings {
  /** Statement text without the rows of an INSERT, bytes. */
  readonly maxQueryBytes: number;
  /** Silence after which an upload is given up, milliseconds. */
  readonly receiveTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly versionNote: string;
}

/** How much of a body is read to find the head of an INSERT. */
const HEAD_BYTES = 256 * 1024;

/** Serves one statement. Errors before the first byte of the answer are thrown, later ones end it. */
export async function handleQuery(
  context: QueryContext,
  settings: HandlerSettings,
  request: IncomingMessage,
  response: ServerResponse,
  url: URLSearchParams,
): Promise<void> {
  request.socket.setTimeout(settings.receiveTimeoutMs, () => {
    if (!request.complete) request.destroy(failure('SOCKET_TIMEOUT', 'The request stopped arriving.'));
  });
  const body = decodeBody(request);
  const contentType = request.headers['content-type'] ?? '';
  const isForm = /^multipart\/form-data\b/i.test(contentType);
  const form = isForm
    ? parseMultipart(contentType, await readAll(body, settings.maxQueryBytes))
    : new Map<string, string>();
  const options = readOptions(request, url, form, context.engine.compressByDefault);
  response.setHeader('X-ClickHouse-Query-Id', headerSafe(options.queryId));
  const signal = closeSignal(response);
  const writer = new ResultWriter(response, {
    encoding: options.encoding,
    level: options.level,
    holdBytes: options.bufferBytes,
    sendTimeoutMs: settings.sendTimeoutMs,
    versionNote: settings.versionNote,
  });
  const session = options.session === undefined ? undefined : await context.sessions.take(options.session);
  try {
    const input = isForm ? Readable.from([]) : body;
    const text = await readStatement(options, input, settings.maxQueryBytes);
    const describe = (format: string): void => {
      response.setHeader('X-ClickHouse-Format', format);
      response.setHeader('Content-Type', contentTypeOf(format));
    };
    const common = { options, session, signal, writer, response, describe };
    if (text.insert !== undefined) await executeInsert(context, { ...common, ...text.insert });
    else await executeStatement(context, { ...common, sql: text.sql });
  } finally {
    await session?.release();
  }
}

type StatementInput =
  | { readonly insert: InsertInput; readonly sql?: undefined }
  | { readonly insert?: undefined; readonly sql: string };

/** The statement is the URL's text followed by the body; behind the head of an INSERT come its rows. */
async function readStatement(
  options: QueryOptions,
  body: Readable,
  maxBytes: number,
): Promise<StatementInput> {
  const prefix = Buffer.from(options.query === undefined ? '' : `${options.query}\n`);
  const chunks: AsyncIterator<Buffer> = body.iterator({ destroyOnReturn: false });
  const early = readInsert(prefix, chunks);
  if (early !== undefined) return { insert: early };
  const parts: Buffer[] = [prefix];
  let size = prefix.length;
  let searched = false;
  for (let next = await nextChunk(chunks); next !== undefined; next = await nextChunk(chunks)) {
    parts.push(next);
    size += next.length;
    if (!searched && size >= HEAD_BYTES) {
      searched = true;
      const insert = readInsert(Buffer.concat(parts), chunks);
      if (insert !== undefined) return { insert };
    }
    if (size > maxBytes) throw tooLong(maxBytes);
  }
  const whole = Buffer.concat(parts);
  const insert = searched ? undefined : readInsert(whole, chunks);
  return insert === undefined ? { sql: whole.toString('utf8') } : { insert };
}

/** Latin-1 keeps bytes and characters aligned whatever the rows are; the parts are then read as UTF-8. */
function readInsert(start: Buffer, chunks: AsyncIterator<Buffer>): InsertInput | undefined {
  const found = parseInsertHead(start.toString('latin1'));
  if (found === undefined) return undefined;
  const decode = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
  const { input } = found;
  const head = {
    ...found,
    target: decode(found.target),
    settings: decode(found.settings),
    input:
      input === undefined
        ? undefined
        : { before: decode(input.before), structure: decode(input.structure), after: decode(input.after) },
  };
  const { dataOffset } = found;
  return {
    sql: start.subarray(0, dataOffset).toString('utf8'),
    head,
    rows: rowsOf(start.subarray(dataOffset), chunks),
  };
}

async function* rowsOf(first: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.toString('latin1').trim() !== '') yield first;
  for (let next = await nextChunk(chunks); next !== undefined; next = await nextChunk(chunks)) yield next;
}

async function nextChunk(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  const next = await chunks.next();
  return next.done === true ? undefined : next.value;
}

async function readAll(body: Readable, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  const chunks: AsyncIterable<Buffer> = body.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw tooLong(maxBytes);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** Aborts when the client closes the connection before it has the whole answer. */
function closeSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** A header cannot hold line breaks or characters beyond Latin-1. */
function headerSafe(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?');
}

function tooLong(maxBytes: number): Error {
  return failure(
    'QUERY_IS_TOO_LARGE',
    `The statement is longer than ${maxBytes} bytes. Send rows as an INSERT … FORMAT, or raise --max-query-bytes.`,
  );
}
