import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { failure } from '../errors';
import { type RequestState } from '../engine/connection';
import { type SessionRequest } from '../engine/sessions';
import { chooseEncoding, type Encoding } from './compression';
import { headerOf } from './auth';

/** Parameters of the protocol itself; every other one is a setting or a query parameter. */
const flag = z.enum(['0', '1', 'true', 'false']).transform((value) => value === '1' || value === 'true');

const optionsSchema = z.object({
  query: z.string().optional(),
  query_id: z.string().max(1000).optional(),
  database: z.string().min(1).optional(),
  default_format: z.string().regex(/^\w+$/).optional(),
  session_id: z.string().min(1).max(1000).optional(),
  session_timeout: z.string().optional(),
  session_check: flag.optional(),
  close_session: flag.optional(),
  wait_end_of_query: flag.optional(),
  buffer_size: z.coerce.number().int().nonnegative().optional(),
  enable_http_compression: flag.optional(),
  http_zlib_compression_level: z.coerce.number().int().min(1).max(9).optional(),
  http_wait_end_of_query: flag.optional(),
  http_response_buffer_size: z.coerce.number().int().nonnegative().optional(),
  send_progress_in_http_headers: flag.optional(),
  http_headers_progress_interval_ms: z.coerce.number().int().nonnegative().optional(),
});

/** Accepted and without effect here. */
const IGNORED = new Set([
  'user',
  'password',
  'quota_key',
  'stacktrace',
  'client_protocol_version',
  'cancel_http_readonly_queries_on_client_close',
  'add_http_cors_header',
  'http_make_head_request',
]);

/** Would change the answer if they were ignored: refused instead, unless they are off. */
const REFUSED: Readonly<Record<string, string>> = {
  compress: 'compress=1 (native blocks) is not served: use enable_http_compression=1 with Accept-Encoding.',
  decompress: 'decompress=1 (native blocks) is not served: send Content-Encoding.',
  replace_running_query: 'replace_running_query is not served: use KILL QUERY.',
};

const PROTOCOL = new Set<string>(Object.keys(optionsSchema.shape));

export interface QueryOptions {
  readonly queryId: string;
  /** SQL from the URL or a form field. */
  readonly query: string | undefined;
  readonly format: string;
  readonly state: RequestState;
  readonly session: SessionRequest | undefined;
  /** Method GET (or HEAD): nothing may be changed. */
  readonly readonly: boolean;
  readonly waitEnd: boolean;
  readonly bufferBytes: number;
  readonly encoding: Encoding | undefined;
  readonly level: number;
  /** Milliseconds between progress headers; undefined = none wanted. */
  readonly progressMs: number | undefined;
}

const DEFAULT_BUFFER = 1024 * 1024;
const MAX_BUFFER = 16 * 1024 * 1024;
const DEFAULT_LEVEL = 3;
const MIN_PROGRESS_MS = 50;

/**
 * Reads what the URL, the headers and the fields of a form ask for.
 * @throws ClickHouseError 36 for a parameter of the protocol with a bad value, 48 for one that is not served
 */
export function readOptions(
  request: IncomingMessage,
  url: URLSearchParams,
  form: ReadonlyMap<string, string>,
  compressByDefault: boolean,
): QueryOptions {
  const given = new Map([...url, ...form]);
  const options = parseOptions(given);
  const settings = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const [name, value] of given) {
    if (name === 'role') throw failure('UNKNOWN_ROLE', `There is no role '${value}': roles are not served.`);
    const refusal = REFUSED[name];
    if (refusal !== undefined && value !== '0' && value !== 'false')
      throw failure('NOT_IMPLEMENTED', refusal);
    if (refusal !== undefined || IGNORED.has(name) || PROTOCOL.has(name)) continue;
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value);
    else settings.set(name, value);
  }
  const id = options.session_id;
  return {
    queryId: options.query_id ?? headerOf(request, 'x-clickhouse-query-id') ?? randomUUID(),
    query: options.query,
    format: options.default_format ?? formatHeader(request) ?? 'TabSeparated',
    state: {
      database: options.database ?? headerOf(request, 'x-clickhouse-database'),
      settings,
      parameters,
    },
    session:
      id === undefined
        ? undefined
        : {
            id,
            mustExist: options.session_check ?? false,
            timeout: options.session_timeout,
            close: options.close_session ?? false,
          },
    readonly: request.method === 'GET' || request.method === 'HEAD',
    // HTTP/1.0 cannot tell a broken answer from a complete one, so it gets the whole answer or an error.
    waitEnd:
      (options.wait_end_of_query ?? options.http_wait_end_of_query ?? false) || request.httpVersion === '1.0',
    bufferBytes: Math.min(
      options.buffer_size ?? options.http_response_buffer_size ?? DEFAULT_BUFFER,
      MAX_BUFFER,
    ),
    encoding:
      (options.enable_http_compression ?? compressByDefault)
        ? chooseEncoding(headerOf(request, 'accept-encoding'))
        : undefined,
    level: options.http_zlib_compression_level ?? DEFAULT_LEVEL,
    progressMs:
      options.send_progress_in_http_headers === true
        ? Math.max(options.http_headers_progress_interval_ms ?? 100, MIN_PROGRESS_MS)
        : undefined,
  };
}

function parseOptions(given: ReadonlyMap<string, string>): z.infer<typeof optionsSchema> {
  // An empty value is no value, as in `?database=&query=SELECT 1`.
  const filled = [...given].filter(([name, value]) => PROTOCOL.has(name) && value !== '');
  const parsed = optionsSchema.safeParse(Object.fromEntries(filled));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw failure(
    'BAD_ARGUMENTS',
    `Parameter ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'bad value'}.`,
    parsed.error,
  );
}

function formatHeader(request: IncomingMessage): string | undefined {
  const format = headerOf(request, 'x-clickhouse-format');
  if (format === undefined || format === '') return undefined;
  if (!/^\w+$/.test(format))
    throw failure('BAD_ARGUMENTS', 'X-ClickHouse-Format is not the name of a format.');
  return format;
}
