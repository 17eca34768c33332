import { createReadStream } from 'node:fs';
import { type Connection, type RunResult } from '../engine/connection';
import { type RunningQuery } from '../engine/running';
import { type ResultWriter, type Summary } from '../http/result-writer';
import { type Statement } from '../sql/statement';
import { quoteString } from '../sql/literal';
import { type QueryContext } from './context';
import { type ResultPipe } from './fifo';

export interface QueryRun {
  readonly connection: Connection;
  readonly statement: Statement;
  readonly query: RunningQuery;
  readonly defaultFormat: string;
  readonly waitEnd: boolean;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  readonly writer: ResultWriter;
}

/** Runs a statement that returns rows and passes the rows on as the engine makes them. */
export async function runQuery(context: QueryContext, run: QueryRun): Promise<Summary> {
  const pipe = context.fifos.open();
  const { connection, query, signal, writer } = run;
  let ended = false;
  const settled = connection.run(outfileSql(run, pipe.path), run.defaultFormat).finally(() => {
    ended = true;
    pipe.end();
  });
  settled.catch(() => undefined);
  const cancel = (): void => void context.running.cancel(query);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    const result = run.waitEnd
      ? await collect(context, run, pipe, settled)
      : await stream(pipe, settled, writer);
    return summaryOf(result);
  } catch (error) {
    // The engine may be blocked on the pipe: it must be emptied until the statement has really ended.
    pipe.discard();
    if (!ended) cancel();
    throw await settled.then(
      () => error,
      (cause: unknown) => (signal.aborted ? cause : error),
    );
  } finally {
    signal.removeEventListener('abort', cancel);
    await settled.catch(() => undefined);
    await pipe.close();
  }
}

function summaryOf(result: RunResult): Summary {
  return {
    result_rows: String(result.rows),
    result_bytes: String(result.rowBytes),
    elapsed_ns: String(Math.round(result.elapsed * 1e9)),
  };
}

function outfileSql({ statement, query, defaultFormat }: QueryRun, path: string): string {
  const { text, format } = statement;
  const body = format === undefined ? text : text.slice(0, format.start);
  const tail = format === undefined ? `FORMAT ${defaultFormat}` : text.slice(format.start);
  return `${body}\nINTO OUTFILE ${quoteString(path)} TRUNCATE ${tail}\n/*${query.tag}*/`;
}

async function stream(
  pipe: ResultPipe,
  settled: Promise<RunResult>,
  writer: ResultWriter,
): Promise<RunResult> {
  for await (const chunk of chunks(pipe)) await writer.write(chunk);
  const result = await settled;
  // Some statements (EXPLAIN AST) ignore OUTFILE.
  if (result.bytes.length > 0) await writer.write(result.bytes);
  return result;
}

/** `wait_end_of_query`: nothing is sent until the whole result is on disk. */
async function collect(
  context: QueryContext,
  { query, writer }: QueryRun,
  pipe: ResultPipe,
  settled: Promise<RunResult>,
): Promise<RunResult> {
  const file = await context.spool.store(`${query.tag}.result`, chunks(pipe));
  try {
    const result = await settled;
    writer.announce(summaryOf(result));
    if (result.bytes.length > 0) await writer.write(result.bytes);
    else for await (const chunk of readFile(file.path)) await writer.write(chunk);
    return result;
  } finally {
    await file.remove();
  }
}

function chunks(pipe: ResultPipe): AsyncIterable<Buffer> {
  return pipe.stream.iterator({ destroyOnReturn: false });
}

function readFile(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: 256 * 1024 });
}
