import { randomBytes } from 'node:crypto';
import { failure } from '../errors';
import { quoteString } from '../sql/literal';
import { type Engine } from './engine';

/** A statement that runs now. */
export interface RunningQuery {
  /** Mark inside the engine's copy of the statement's text, by which it is found there. */
  readonly tag: string;
  readonly queryId: string;
  readonly text: string;
  /** Settles when the statement has ended. */
  readonly done: Promise<void>;
  readonly finish: () => void;
}

const MAX_SHOWN = 10_000;
const KILL_RETRY_MS = 100;

/**
 * The mark stands in a comment or in the path of a spooled file. A mark that a statement only mentions (as the
 * texts below do) is quoted and has neither sign before it.
 */
const TAG_OF_ROW = "extract(query, '[/*](bizstack_q_[0-9a-f]{32})')";

/** Finds running statements by the id their client gave them; the engine only knows ids of its own. */
export class RunningQueries {
  readonly #engine: Engine;
  readonly #user: string;
  readonly #byTag = new Map<string, RunningQuery>();

  constructor(engine: Engine, user: string) {
    this.#engine = engine;
    this.#user = user;
  }

  /** @throws ClickHouseError 216 when a statement with that id runs already */
  start(queryId: string, text: string): RunningQuery {
    for (const other of this.#byTag.values()) {
      if (other.queryId === queryId) {
        throw failure(
          'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING',
          `Query with id = ${queryId} is already running.`,
        );
      }
    }
    let resolve = (): void => undefined;
    const done = new Promise<void>((settle) => (resolve = settle));
    const query: RunningQuery = {
      tag: `bizstack_q_${randomBytes(16).toString('hex')}`,
      queryId,
      text,
      done,
      finish: () => {
        this.#byTag.delete(query.tag);
        resolve();
      },
    };
    this.#byTag.set(query.tag, query);
    return query;
  }

  /**
   * Cancels a statement and returns when the engine has been told. A statement that was queued but has not
   * reached the engine yet is told again until it ends.
   */
  async cancel(query: RunningQuery): Promise<void> {
    while (this.#byTag.has(query.tag)) {
      await this.#kill(query.tag);
      await Promise.race([query.done, new Promise((resolve) => setTimeout(resolve, KILL_RETRY_MS))]);
    }
  }

  /** Tells the engine once. */
  async #kill(tag: string): Promise<void> {
    await this.#engine.control
      .run(`KILL QUERY WHERE ${TAG_OF_ROW} = ${quoteString(tag)} ASYNC`)
      .catch(() => undefined);
  }

  /** Numbers of a running statement as `X-ClickHouse-Progress` names them. */
  async progressOf(query: RunningQuery): Promise<Record<string, string> | undefined> {
    const [row] = await this.#engine.control.rows(
      `SELECT read_rows, read_bytes, total_rows_approx, written_rows, written_bytes, toUInt64(elapsed * 1e9) FROM system.processes WHERE ${TAG_OF_ROW} = ${quoteString(query.tag)}`,
    );
    if (row === undefined) return undefined;
    const [read_rows, read_bytes, total_rows_to_read, written_rows, written_bytes, elapsed_ns] =
      row.map(String);
    return Object.fromEntries(
      Object.entries({
        read_rows,
        read_bytes,
        total_rows_to_read,
        written_rows,
        written_bytes,
        elapsed_ns,
      }).map(([name, value]) => [name, value ?? '0']),
    );
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.#byTag.values()].map((query) => this.cancel(query)));
  }

  /** Resolves when no statement runs any more. */
  async settled(): Promise<void> {
    while (this.#byTag.size > 0) await Promise.all([...this.#byTag.values()].map((query) => query.done));
  }

  byTag(tag: string): RunningQuery | undefined {
    return this.#byTag.get(tag);
  }

  /**
   * `system.processes` as clients must see it: their query ids, texts and user, without this server's own
   * statements. The column `engine_tag` is added by `withTag`.
   */
  processes(withTag = false): string {
    const queries = [...this.#byTag.values()];
    const array = (values: readonly string[]): string =>
      values.length === 0 ? "['']" : `[${values.map(quoteString).join(', ')}]`;
    const tags = array(queries.map((query) => query.tag));
    const mapped = (values: readonly string[], original: string): string =>
      `transform(engine_tag, ${tags}, ${array(values)}, ${original})`;
    const ids = queries.map((query) => query.queryId);
    const texts = queries.map((query) => query.text.slice(0, MAX_SHOWN));
    const user = quoteString(this.#user);
    const columns = [
      `${mapped(ids, 'query_id')} AS query_id`,
      `${mapped(ids, 'initial_query_id')} AS initial_query_id`,
      `${mapped(texts, 'query')} AS query`,
      `${user} AS user`,
      `${user} AS initial_user`,
    ];
    const tagged = `(SELECT *, ${TAG_OF_ROW} AS engine_tag FROM system.processes)`;
    const except = withTag ? '' : 'EXCEPT engine_tag ';
    return `(SELECT * ${except}REPLACE (${columns.join(', ')}) FROM ${tagged} WHERE has(${tags}, engine_tag))`;
  }
}
