import { type Session } from 'chdb';
import { CODES, failure, toClickHouseError } from '../errors';
import { quoteIdentifier, quoteString } from '../sql/literal';

/** What a finished statement tells. */
export interface RunResult {
  /** Output that the engine returned instead of writing it to the statement's OUTFILE. */
  readonly bytes: Uint8Array;
  /** Result rows of a query; rows read from the file of an INSERT … FROM INFILE. */
  readonly rows: number;
  /** Size in memory of those rows, bytes. */
  readonly rowBytes: number;
  /** Seconds. */
  readonly elapsed: number;
}

/** What one request asks of its connection. */
export interface RequestState {
  readonly database?: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Where the embedded engine's defaults differ from a server's. */
const BASELINE: ReadonlyMap<string, string> = new Map([
  ['implicit_select', '0'],
  ['allow_introspection_functions', '0'],
  // Mapping the rows of an INSERT into memory would count as memory of this process.
  ['storage_file_read_method', 'pread'],
  // Long parameters reach the engine inside a SET statement; the length of statements is limited before.
  ['max_query_size', String(256 * 1024 * 1024)],
]);

const SETTING_NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/;
const PARAMETER_NAME = /^[A-Za-z0-9_]+$/;

/**
 * One connection of the engine: its own settings, parameters, current database and temporary tables.
 * Statements run one after the other; `apply` and `undo` bracket a request so that nothing leaks.
 */
export class Connection {
  readonly #session: Session;
  #tail: Promise<unknown> = Promise.resolve();
  #undo: string[] = [];
  /** Names of parameters that were ever set here: the engine has no way to unset one. */
  readonly parameters = new Set<string>();
  /** True when the state can no longer be brought back; the connection must not be used again. */
  spoiled = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Runs one or more statements. @throws ClickHouseError with the engine's code. */
  run(sql: string, format = 'TabSeparated'): Promise<RunResult> {
    const next = this.#tail.then(async () => {
      try {
        const result = await this.#session.queryAsync(sql, { format });
        return {
          bytes: result.bytes(),
          rows: result.rowsRead,
          rowBytes: result.bytesRead,
          elapsed: result.elapsed,
        };
      } catch (error) {
        const known = toClickHouseError(error);
        // The engine keeps a cancelled statement in its list until the connection goes.
        if (known.code === CODES.QUERY_WAS_CANCELLED) this.spoiled = true;
        throw known;
      }
    });
    this.#tail = next.catch(() => undefined);
    return next;
  }

  /** Runs a query of this server's own and returns its rows; every value is a string or null. */
  async rows(sql: string): Promise<(string | null)[][]> {
    const { bytes } = await this.run(
      `${sql} SETTINGS output_format_json_quote_64bit_integers = 1 FORMAT JSONCompactStringsEachRow`,
    );
    const lines = Buffer.from(bytes).toString('utf8').split('\n').filter(Boolean);
    return lines.map((line) => readRow(line));
  }

  async baseline(): Promise<void> {
    await this.run(`SET ${assignments(BASELINE)}`);
  }

  /**
   * Sets a request's database, settings and parameters.
   * @param keepOld read the old values first, so that `undo` brings them back (named sessions); otherwise
   *   `undo` goes back to the defaults.
   * @throws ClickHouseError, 115 for an unknown setting
   */
  async apply(state: RequestState, keepOld: boolean): Promise<void> {
    const { settings, parameters, database } = state;
    for (const name of settings.keys()) {
      if (!SETTING_NAME.test(name)) throw failure('UNKNOWN_SETTING', `Unknown setting '${name}'.`);
    }
    for (const name of parameters.keys()) {
      if (!PARAMETER_NAME.test(name)) {
        throw failure('BAD_ARGUMENTS', `'${name}' is not a parameter name: use letters, digits and _.`);
      }
    }
    const undo = await this.#plan(state, keepOld);
    const statements: string[] = [];
    if (database !== undefined) statements.push(`USE ${quoteIdentifier(database)}`);
    // `readonly` last: behind it nothing else could be set.
    const ordered = new Map(
      [...settings].sort(([a], [b]) => Number(a === 'readonly') - Number(b === 'readonly')),
    );
    if (parameters.size > 0) {
      statements.push(
        `SET ${assignments(new Map([...parameters].map(([name, value]) => [`param_${name}`, value])))}`,
      );
    }
    if (ordered.size > 0) statements.push(`SET ${assignments(ordered)}`);
    if (statements.length === 0) return;
    for (const name of parameters.keys()) this.parameters.add(name);
    this.#undo = undo;
    await this.run(statements.join(';\n'));
    if (settings.has('readonly')) this.spoiled = true;
  }

  async #plan({ settings, database }: RequestState, keepOld: boolean): Promise<string[]> {
    const names = [...settings.keys()];
    if (!keepOld) {
      const values = new Map(names.map((name) => [name, BASELINE.get(name)]));
      return [...(database === undefined ? [] : ['USE default']), ...restore(values)];
    }
    const undo: string[] = [];
    if (database !== undefined) {
      const [row] = await this.rows('SELECT currentDatabase()');
      undo.push(`USE ${quoteIdentifier(row?.[0] ?? 'default')}`);
    }
    if (names.length > 0) {
      const changed = new Map(
        (
          await this.rows(
            `SELECT name, value FROM system.settings WHERE changed AND name IN (${names.map(quoteString).join(', ')})`,
          )
        ).map(([name, value]): [string, string] => [name ?? '', value ?? '']),
      );
      undo.push(...restore(new Map(names.map((name) => [name, changed.get(name)]))));
    }
    return undo;
  }

  /** Takes back what `apply` set. After a failure the connection is spoiled. */
  async undo(): Promise<void> {
    if (this.#undo.length === 0 || this.spoiled) return;
    const statements = this.#undo.join(';\n');
    this.#undo = [];
    try {
      await this.run(statements);
    } catch {
      this.spoiled = true;
    }
  }

  close(): void {
    this.#session.close();
  }
}

function restore(values: ReadonlyMap<string, string | undefined>): string[] {
  if (values.size === 0) return [];
  const list = [...values].map(([name, value]) =>
    value === undefined ? `\`${name}\` = DEFAULT` : `\`${name}\` = ${quoteString(value)}`,
  );
  return [`SET ${list.join(', ')}`];
}

function assignments(values: ReadonlyMap<string, string>): string {
  return [...values].map(([name, value]) => `${name} = ${quoteString(value)}`).join(', ');
}

function readRow(line: string): (string | null)[] {
  const value: unknown = JSON.parse(line);
  if (!Array.isArray(value)) throw new TypeError('The engine returned a row that is not an array.');
  return value.map((cell: unknown) => (typeof cell === 'string' ? cell : null));
}
