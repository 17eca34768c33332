import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import { BizError, createConnectionPool, withRetry } from '@bizstack/piece-common';
import { createAgent } from './agent';
import { type ClickHouseAuthValues, parseAuth, placeOf } from './config';
import { clickhouseError, timeoutError } from './errors';
import { type ResultColumn, type ResultRow, collectRows } from './result';

/** Above the server's own limit, for a server that no longer answers at all. */
const DEADLINE_MARGIN_SECONDS = 10;
/** No request takes longer; each has its own deadline below. */
const SOCKET_TIMEOUT_MS = 600_000;

const clients = createConnectionPool<ClickHouseAuthValues, ClickHouseClient>({
  open: (auth) => createClient(clientOptions(auth)),
  close: (client) => client.close(),
});

export type Settings = Readonly<Record<string, string | number>>;

export interface Statement {
  readonly sql: string;
  /** Values of `{name:Type}`, as the client formats them. */
  readonly params?: Record<string, unknown>;
  readonly settings?: Settings;
  /** Time limit at the server; that of the connection by default. */
  readonly timeoutSeconds?: number;
}

export interface Read extends Statement {
  /** Rows at most; more are not sent. */
  readonly limit?: number;
}

export interface Rows {
  readonly rows: ResultRow[];
  readonly columns: ResultColumn[];
  /** True when there are more rows than were asked for. */
  readonly truncated: boolean;
  readonly queryId: string;
}

export interface Executed {
  readonly queryId: string;
  /** As far as the server says. */
  readonly writtenRows: number;
  readonly readRows: number;
}

export interface Insert extends Statement {
  readonly body: () => Readable;
  /** Only for inserts that are the same when they are repeated. */
  readonly retry?: boolean;
}

/** What an action may do with a connection. */
export interface Database {
  readonly name: string;
  /** The same object for every use of one connection. */
  readonly connection: object;
  /** Reads rows; the server refuses every change. */
  read(statement: Read): Promise<Rows>;
  /** Reads a file in a format of ClickHouse; `consume` gets the bytes, whole results only. */
  stream(
    statement: Statement & { format: string },
    consume: (bytes: Readable) => Promise<void>,
  ): Promise<string>;
  /** Changes something; answers when it is done. */
  execute(statement: Statement): Promise<Executed>;
  /** Like {@link read}, for statements that give rows and change something. */
  executeRows(statement: Read): Promise<Rows>;
  /** `INSERT … FORMAT …` with the rows in the body. */
  insert(statement: Insert): Promise<Executed>;
}

/**
 * Runs `work` with the shared client of a connection.
 * @throws BizError with a readable text for whatever ClickHouse refuses.
 */
export async function withDatabase<T>(props: unknown, work: (database: Database) => Promise<T>): Promise<T> {
  const auth = parseAuth(props);
  try {
    return await clients.use(auth, (client) => work(databaseOf(client, auth)));
  } catch (error) {
    throw clickhouseError(error, placeOf(auth));
  }
}

/** A client of its own. @throws BizError `BIZ_TLS_…`, `BIZ_CLICKHOUSE_…` when the settings cannot be used. */
export function clientOptions(auth: ClickHouseAuthValues): ClickHouseClientConfigOptions {
  return {
    url: auth.origin,
    ...(auth.pathname === '' ? {} : { pathname: auth.pathname }),
    database: auth.database,
    ...login(auth),
    ...(auth.roles === undefined ? {} : { role: auth.roles.split(',').map((role) => role.trim()) }),
    compression: compression(auth),
    http_agent: createAgent(auth),
    request_timeout: SOCKET_TIMEOUT_MS,
    max_response_headers_size: 256 * 1024,
    use_multipart_params_auto: true,
    application: 'bizstack',
    log: { level: ClickHouseLogLevel.OFF },
  };
}

function login(auth: ClickHouseAuthValues): ClickHouseClientConfigOptions {
  if (auth.accessToken !== undefined) return { access_token: auth.accessToken };
  const username = auth.user ?? 'default';
  if (!auth.certificateLogin) return { username, password: auth.password };
  return {
    username,
    set_basic_auth_header: false,
    http_headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-SSL-Certificate-Auth': 'on' },
  };
}

function compression({ compression: codec, settingsLocked }: ClickHouseAuthValues) {
  if (codec === 'none') return {};
  if (codec === 'zstd' && typeof zlib.createZstdCompress !== 'function') {
    throw new BizError('BIZ_CLICKHOUSE_COMPRESSION', 'This engine runs on a Node.js without zstd.', {
      hint: 'Choose gzip.',
    });
  }
  // Compressed answers need a setting, which a locked user may not give.
  return { request: { codec }, ...(settingsLocked ? {} : { response: { codec } }) };
}

/** Numbers that JavaScript cannot hold come as text, times in ISO 8601. */
const OUTPUT_SETTINGS: Settings = {
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
  output_format_json_quote_denormals: 1,
  output_format_json_escape_forward_slashes: 0,
  date_time_output_format: 'iso',
};

function databaseOf(client: ClickHouseClient, auth: ClickHouseAuthValues): Database {
  const secondsOf = ({ timeoutSeconds }: Statement) => timeoutSeconds ?? auth.timeoutSeconds;

  function settingsOf(statement: Statement, more: Settings): ClickHouseSettings {
    if (auth.settingsLocked) return {};
    return {
      ...more,
      ...statement.settings,
      max_execution_time: secondsOf(statement),
      // 2: no changes, but settings of the request still apply.
      ...(auth.readOnly || more['readonly'] !== undefined ? { readonly: '2' } : {}),
    };
  }

  const requestOf = (statement: Statement, more: Settings, signal: AbortSignal) => ({
    query: statement.sql,
    query_id: `bizstack-${randomUUID()}`,
    abort_signal: signal,
    clickhouse_settings: settingsOf(statement, more),
    ...(statement.params ? { query_params: statement.params } : {}),
  });

  async function rows(statement: Read, more: Settings, signal: AbortSignal): Promise<Rows> {
    const { limit } = statement;
    const result = await client.query({
      ...requestOf(
        statement,
        {
          ...OUTPUT_SETTINGS,
          ...more,
          cancel_http_readonly_queries_on_client_close: 1,
          // One more shows that there are more.
          ...(limit === undefined ? {} : { limit: limit + 1 }),
        },
        signal,
      ),
      format: 'JSONCompactEachRowWithNamesAndTypes',
    });
    return { ...(await collectRows(result, { limit, signal })), queryId: result.query_id };
  }

  const guarded = <T>(statement: Statement, work: (signal: AbortSignal) => Promise<T>) =>
    withDeadline(secondsOf(statement), async (signal) => {
      try {
        return await work(signal);
      } catch (error) {
        throw clickhouseError(error, placeOf(auth));
      }
    });

  return {
    connection: client,
    name: auth.database,
    read: (statement) =>
      guarded(statement, (signal) =>
        // Reading changes nothing, so it may be repeated.
        withRetry(() => rows(statement, { readonly: 2 }, signal).catch(rethrow(auth)), { signal }),
      ),
    executeRows: (statement) => guarded(statement, (signal) => rows(statement, {}, signal)),
    stream: (statement, consume) =>
      guarded(statement, async (signal) => {
        const { format, ...rest } = statement;
        const result = await client.exec({
          ...requestOf(
            { ...rest, sql: `${statement.sql}\nFORMAT ${format}` },
            {
              ...OUTPUT_SETTINGS,
              readonly: 2,
              cancel_http_readonly_queries_on_client_close: 1,
              // The server keeps the answer until it is whole, so that an error can still be told.
              wait_end_of_query: 1,
            },
            signal,
          ),
        });
        await untilAborted(result.stream, signal, consume);
        return result.query_id;
      }),
    execute: (statement) =>
      guarded(statement, async (signal) => {
        const { query_id: queryId, summary } = await client.command(
          requestOf(statement, { wait_end_of_query: 1 }, signal),
        );
        return executed(queryId, summary);
      }),
    insert: ({ body, retry = false, ...statement }) =>
      guarded(statement, (signal) =>
        withRetry(
          async () => {
            const result = await client
              .exec({
                ...requestOf(statement, { wait_end_of_query: 1 }, signal),
                values: body(),
              })
              .catch(rethrow(auth));
            await untilAborted(result.stream, signal, drain);
            return executed(result.query_id, result.summary);
          },
          { signal, attempts: retry ? 3 : 1 },
        ),
      ),
  };
}

function rethrow(auth: ClickHouseAuthValues) {
  return (error: unknown): never => {
    throw clickhouseError(error, placeOf(auth));
  };
}

function executed(
  queryId: string,
  summary: { written_rows?: string; read_rows?: string } | undefined,
): Executed {
  return {
    queryId,
    writtenRows: Number(summary?.written_rows ?? 0),
    readRows: Number(summary?.read_rows ?? 0),
  };
}

async function withDeadline<T>(seconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout((seconds + DEADLINE_MARGIN_SECONDS) * 1000);
  try {
    return await work(signal);
  } catch (error) {
    throw signal.aborted ? timeoutError(seconds, error) : error;
  }
}

/** The client stops watching the signal once the answer begins. */
async function untilAborted(
  stream: Readable,
  signal: AbortSignal,
  consume: (stream: Readable) => Promise<void>,
): Promise<void> {
  const stop = () => stream.destroy(new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await consume(stream);
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

async function drain(stream: Readable): Promise<void> {
  stream.resume();
  await finished(stream);
}

/** Closes everything that is open; for tests and for a clean end of the process. */
export async function closeConnections(): Promise<void> {
  await clients.closeAll();
}
