import { Readable } from 'node:stream';
import { BizError, isBizError } from '@bizstack/piece-common';
import type { Database, Executed, Settings } from './client';
import { formatTableName, quoteIdentifier } from './identifiers';
import {
  type BadRow,
  bodyOf,
  bodyWhile,
  finishRows,
  type PreparedRows,
  type RowsInPreparation,
  withNames,
  withoutRow,
} from './rows';
import { isInsertable, type Table } from './schema';

export const BAD_ROWS = ['fail', 'refuse_all', 'keep_good'] as const;
/** What to do when some rows are bad: fail, insert none and say why, or insert the others. */
export type OnBadRows = (typeof BAD_ROWS)[number];

export interface InsertOptions {
  readonly onBadRows: OnBadRows;
  readonly asyncInsert: boolean;
  /** Inserts with the same token and table take effect once. */
  readonly token?: string | undefined;
  readonly settings?: Settings;
}

export interface Inserted {
  readonly inserted: number;
  readonly refused: number;
  /** At most 1,000. */
  readonly badRows: readonly BadRow[];
  readonly queryId: string | null;
}

/** Bad rows that a step hands on; more would only fill the log of the run. */
const MAX_RETURNED_BAD_ROWS = 1_000;
/** Rows that only the server found bad; each costs a pass over all of them. */
const MAX_FOUND_BY_SERVER = 20;

/**
 * Inserts rows with one INSERT, so that they form one block: all of them appear or none. They are checked while
 * they are sent; a bad one breaks the INSERT off, unless the good ones are to be kept.
 * @throws BizError `BIZ_CLICKHOUSE_ROWS_REFUSED` with `fail`, and whatever the server refuses.
 */
export async function insertRowsOf(
  database: Database,
  table: Table,
  rows: RowsInPreparation,
  options: InsertOptions,
): Promise<Inserted> {
  if (options.token !== undefined) await requireDeduplication(database, table);
  // An INSERT without any row is not begun.
  let more = true;
  while (more && rows.lines.length === 0) more = rows.advance();
  const stops = () => options.onBadRows !== 'keep_good' && rows.bad.length > 0;
  if (rows.lines.length === 0 || stops()) {
    return insertPrepared(database, table, await finishRows(rows), options);
  }
  const advance = () => {
    const left = rows.advance();
    if (stops()) throw new BadRowFound();
    return left;
  };
  try {
    const body = () => bodyWhile(rows.lines, advance);
    const { queryId } = await insertText(
      database,
      table,
      { body, count: rows.total, columns: rows.columns },
      options,
    );
    return report(rows, rows.lines.length, queryId);
  } catch (error) {
    const prepared = await finishRows(rows);
    return insertPrepared(database, table, prepared, options, stops() ? undefined : error);
  }
}

/** Ends the body of a request whose rows are not wanted any more. */
class BadRowFound extends Error {}

/**
 * Inserts rows that are prepared.
 * @param failure what an attempt with exactly these rows has thrown.
 * @throws BizError `BIZ_CLICKHOUSE_ROWS_REFUSED` with `fail`, and whatever the server refuses.
 */
export async function insertPrepared(
  database: Database,
  table: Table,
  given: PreparedRows,
  options: InsertOptions,
  failure?: unknown,
): Promise<Inserted> {
  if (options.token !== undefined) await requireDeduplication(database, table);
  let prepared = given;
  let failed = failure;
  for (let found = 0; ; found += 1) {
    const stop = prepared.bad.length > 0 && options.onBadRows !== 'keep_good';
    if (stop && options.onBadRows === 'fail') throw rowsRefused(prepared);
    if (stop || prepared.lines.length === 0) return report(prepared, 0, null);
    const { lines, columns } = prepared;
    if (failed === undefined) {
      try {
        const body = () => bodyOf(lines);
        const { queryId } = await insertText(
          database,
          table,
          { body, count: lines.length, columns },
          options,
        );
        return report(prepared, lines.length, queryId);
      } catch (error) {
        failed = error;
      }
    }
    const place = found < MAX_FOUND_BY_SERVER ? await badLine(database, table, prepared, failed) : undefined;
    if (place === undefined) throw failed;
    prepared = withoutRow(prepared, place.index, place.reason);
    failed = undefined;
  }
}

function report({ bad, lines }: PreparedRows, inserted: number, queryId: string | null): Inserted {
  return {
    inserted,
    refused: bad.length + lines.length - inserted,
    badRows: [...bad].sort((a, b) => a.row - b.row).slice(0, MAX_RETURNED_BAD_ROWS),
    queryId,
  };
}

function rowsRefused({ bad }: PreparedRows): BizError {
  const shown = bad.slice(0, 5).map(({ row, reason }) => `row ${row}: ${reason}`);
  const more = bad.length > shown.length ? `; ${bad.length - shown.length} more` : '';
  return new BizError('BIZ_CLICKHOUSE_ROWS_REFUSED', `Nothing was inserted. ${shown.join('; ')}${more}.`, {
    hint: 'Correct the rows, or choose another "When rows are bad".',
    details: { badRows: bad.slice(0, MAX_RETURNED_BAD_ROWS) },
  });
}

function insertText(
  database: Database,
  table: Table,
  { body, count, columns }: Pick<PreparedRows, 'columns'> & { body: () => Iterable<Buffer>; count: number },
  { asyncInsert, token, settings }: InsertOptions,
): Promise<Executed> {
  return database.insert({
    sql: `INSERT INTO ${table.sql} ${formatOf(columns)}`,
    body: () => Readable.from(body(), { objectMode: false }),
    retry: token !== undefined,
    settings: {
      ...INPUT_SETTINGS,
      ...oneBlock(count),
      ...insertSettings({ asyncInsert, token }),
      ...settings,
    },
  });
}

function formatOf(columns: readonly string[] | undefined): string {
  return columns
    ? `(${columns.map(quoteIdentifier).join(', ')}) FORMAT JSONCompactEachRow`
    : 'FORMAT JSONEachRow';
}

/** How text is read, the same wherever rows come from. */
export const INPUT_SETTINGS: Settings = {
  date_time_input_format: 'best_effort',
  input_format_null_as_default: 0,
};

/** All rows in one block: a failure then leaves nothing behind, and one token stands for all of them. */
function oneBlock(rows: number): Settings {
  return {
    max_insert_block_size: Math.max(rows, 1),
    min_insert_block_size_rows: Math.max(rows, 1),
    min_insert_block_size_bytes: 0,
  };
}

/** Answers only when the rows are stored, also where the server collects small inserts. */
export function insertSettings({
  asyncInsert,
  token,
}: Pick<InsertOptions, 'asyncInsert' | 'token'>): Settings {
  return {
    ...(asyncInsert ? { async_insert: 1, wait_for_async_insert: 1 } : { async_insert: 0 }),
    ...(token === undefined
      ? {}
      : {
          insert_deduplicate: 1,
          insert_deduplication_token: token,
          ...(asyncInsert ? { async_insert_deduplicate: 1 } : {}),
        }),
  };
}

/** Which line the server could not take; undefined when the failure is about something else. */
async function badLine(
  database: Database,
  table: Table,
  { lines, columns }: PreparedRows,
  error: unknown,
): Promise<{ index: number; reason: string } | undefined> {
  if (!isBizError(error)) return undefined;
  if (error.code === 'BIZ_CLICKHOUSE_CONSTRAINT_VIOLATION') return lineNamed(error, lines.length);
  if (error.code !== 'BIZ_CLICKHOUSE_VALUE_INVALID') return undefined;
  try {
    await tryRows(database, table, { lines, columns });
    return undefined;
  } catch (precise) {
    return isBizError(precise) ? lineNamed(precise, lines.length) : undefined;
  }
}

/**
 * Has the server read rows and store them nowhere, by one thread, so that the row number of an error is sure.
 * Does nothing for users who may not use the table function `null`.
 * @throws BizError `BIZ_CLICKHOUSE_VALUE_INVALID`
 */
export async function tryRows(
  database: Database,
  table: Table,
  { lines, columns }: Pick<PreparedRows, 'lines' | 'columns'>,
): Promise<void> {
  // Of lists of values the server does not say which row is wrong.
  const named = columns ? lines.map((line) => withNames(line, columns)) : lines;
  const structure = table.columns
    .filter(isInsertable)
    .map(({ name, type }) => `${quoteIdentifier(name)} ${type}`)
    .join(', ');
  try {
    await database.insert({
      sql: 'INSERT INTO FUNCTION null({structure:String}) FORMAT JSONEachRow',
      params: { structure },
      body: () => Readable.from(bodyOf(named), { objectMode: false }),
      settings: { ...INPUT_SETTINGS, input_format_parallel_parsing: 0 },
    });
  } catch (error) {
    if (isBizError(error) && error.code === 'BIZ_CLICKHOUSE_VALUE_INVALID') throw error;
  }
}

function lineNamed({ message }: BizError, count: number): { index: number; reason: string } | undefined {
  const row = Number(/at row (\d+)/.exec(message)?.[1] ?? 0);
  if (row < 1 || row > count) return undefined;
  const reason = message.replace(/^ClickHouse: /, '').replace(/:?\s*\(?at row \d+\)?[^]*$/, '');
  return { index: row - 1, reason: reason.slice(0, 300) };
}

/**
 * A token only helps where the engine remembers tokens.
 * @throws BizError `BIZ_CLICKHOUSE_DEDUPLICATION_OFF`
 */
export async function requireDeduplication(database: Database, table: Table): Promise<void> {
  const { engine, engineFull } = table;
  // Replicated, cloud and distributed tables remember; views hand on to the table behind them.
  if (!/^(?!Replicated|Shared).*MergeTree$|Log$|^Memory$|^Null$|^Set$|^Join$|^Buffer$|RocksDB$/.test(engine))
    return;
  if (engine.endsWith('MergeTree')) {
    const own = /non_replicated_deduplication_window = (\d+)/.exec(engineFull)?.[1];
    if (Number(own ?? (await defaultWindow(database))) > 0) return;
  }
  throw new BizError(
    'BIZ_CLICKHOUSE_DEDUPLICATION_OFF',
    `${formatTableName(table)} (${engine}) does not remember deduplication tokens.`,
    {
      hint: engine.endsWith('MergeTree')
        ? `Switch it on: ALTER TABLE ${table.sql} MODIFY SETTING non_replicated_deduplication_window = 1000. Or leave the token empty.`
        : 'Leave the token empty, or use a table of the MergeTree family.',
    },
  );
}

async function defaultWindow(database: Database): Promise<number> {
  const { rows } = await database.read({
    sql: "SELECT value FROM system.merge_tree_settings WHERE name = 'non_replicated_deduplication_window'",
  });
  return Number(rows[0]?.['value'] ?? 0);
}
