import { BizError, jsonObjectSchema } from '@bizstack/piece-common';
import { z } from 'zod';
import { quoteIdentifier } from './identifiers';
import { type Column, type Table, columnOf } from './schema';
import { toParameter } from './values';

/** PostgreSQL numbers parameters with 16 bits. */
const MAX_PARAMETERS = 65_535;
const MAX_ROWS_PER_STATEMENT = 5_000;
/** Without arrays, the parser of the server works on every single value. */
const MAX_ROWS_AS_VALUES = 1_000;

export const MAX_ROWS = 100_000;

/** A list of objects, or a single object. */
export const rowsSchema = z.union([
  z.array(jsonObjectSchema).max(MAX_ROWS),
  jsonObjectSchema.transform((row) => [row]),
]);

export type Row = Record<string, unknown>;

/** An INSERT without RETURNING. */
export interface Statement {
  readonly sql: string;
  readonly values: unknown[];
  /** True when rows that exist are updated, so that what became of a row is to be asked for. */
  readonly updates: boolean;
}

/** Rows that one statement can write: the same columns, and no key twice. */
interface Chunk {
  readonly columns: Column[];
  readonly rows: Row[];
  readonly keys: Set<string>;
}

/**
 * Cuts rows into chunks, in order, so that the effect is that of one statement for each row.
 * @throws BizError `BIZ_POSTGRES_COLUMN_UNKNOWN`, `BIZ_POSTGRES_COLUMN_GENERATED`, `BIZ_INPUT_INVALID`
 */
function toChunks(table: Table, rows: readonly Row[], keyColumns: readonly string[]): Chunk[] {
  const chunks: Chunk[] = [];
  let shape = '';
  for (const [index, row] of rows.entries()) {
    const names = Object.keys(row).filter((name) => row[name] !== undefined);
    if (names.length === 0) throw new BizError('BIZ_INPUT_INVALID', `Row ${index + 1} has no columns.`);
    const rowShape = JSON.stringify([...names].sort());
    const key =
      keyColumns.length > 0 ? JSON.stringify(keyColumns.map((name) => keyText(row[name]))) : `#${index}`;
    let chunk = chunks.at(-1);
    const full = chunk !== undefined && chunk.rows.length >= MAX_ROWS_PER_STATEMENT;
    if (chunk === undefined || full || rowShape !== shape || chunk.keys.has(key)) {
      chunk = { columns: names.map((name) => writable(table, name)), rows: [], keys: new Set() };
      chunks.push(chunk);
      shape = rowShape;
    }
    chunk.rows.push(row);
    chunk.keys.add(key);
  }
  return chunks;
}

/** Values that PostgreSQL may hold equal must look equal: a false match only starts a new statement. */
function keyText(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).trim().toLowerCase();
}

/** @throws BizError `BIZ_POSTGRES_COLUMN_GENERATED` */
export function writable(table: Table, name: string): Column {
  const column = columnOf(table, name);
  if (!column.generated) return column;
  throw new BizError('BIZ_POSTGRES_COLUMN_GENERATED', `The server computes column "${name}" itself.`, {
    hint: 'Leave it out.',
  });
}

/** What stands after the column names of an INSERT, with its parameters: one array for each column. */
function sourcesOf({ columns, rows }: Chunk): { sql: string; values: unknown[] }[] {
  const lists = columns.map((column) => rows.map((row) => toParameter(row[column.name], column)));
  if (columns.some(({ baseType }) => baseType === null)) return valueLists(columns.length, lists);
  const casts = columns.map(({ baseType }, index) => `$${index + 1}::${baseType}[]`);
  return [{ sql: `SELECT * FROM unnest(${casts.join(', ')})`, values: lists }];
}

/** `VALUES ($1, …), …` as often as the limits of a statement ask for. */
function valueLists(width: number, lists: readonly unknown[][]): { sql: string; values: unknown[] }[] {
  const count = lists[0]?.length ?? 0;
  const size = Math.max(1, Math.min(MAX_ROWS_AS_VALUES, Math.floor(MAX_PARAMETERS / width)));
  const sources = [];
  for (let from = 0; from < count; from += size) {
    const values: unknown[] = [];
    const tuples = [];
    for (let row = from; row < Math.min(from + size, count); row += 1) {
      tuples.push(`(${lists.map((list) => `$${values.push(list[row])}`).join(', ')})`);
    }
    sources.push({ sql: `VALUES ${tuples.join(', ')}`, values });
  }
  return sources;
}

/** INSERT statements for rows; `skip` leaves out those whose key exists already. */
export function insertStatements(
  table: Table,
  rows: readonly Row[],
  { skip }: { skip: boolean },
): Statement[] {
  return toChunks(table, rows, []).flatMap((chunk) => {
    const names = chunk.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
    return sourcesOf(chunk).map(({ sql, values }) => ({
      sql: `INSERT INTO ${table.sql} (${names}) ${sql}${skip ? ' ON CONFLICT DO NOTHING' : ''}`,
      values,
      updates: false,
    }));
  });
}

export interface UpsertOptions {
  readonly conflictColumns: readonly string[];
  /** Columns to write when the row exists; undefined means all given ones that are not in the key. */
  readonly updateColumns: readonly string[] | undefined;
}

/** INSERT … ON CONFLICT DO UPDATE statements for rows. */
export function upsertStatements(
  table: Table,
  rows: readonly Row[],
  { conflictColumns, updateColumns }: UpsertOptions,
): Statement[] {
  updateColumns?.forEach((name) => writable(table, name));
  for (const [index, row] of rows.entries()) {
    const missing = conflictColumns.filter(
      (name) => row[name] === undefined || row[name] === null || row[name] === '',
    );
    if (missing.length > 0) {
      throw new BizError(
        'BIZ_POSTGRES_KEY_MISSING',
        `Row ${index + 1} has no value for the key column ${missing.join(', ')}.`,
        {
          hint: 'Without it the row would be inserted again at every run.',
        },
      );
    }
  }
  return toChunks(table, rows, conflictColumns).flatMap((chunk) => {
    const names = chunk.columns.map(({ name }) => name);
    const updated = names.filter(
      (name) => !conflictColumns.includes(name) && (updateColumns?.includes(name) ?? true),
    );
    // Setting the key to itself changes nothing, but makes the row that exists part of the result.
    const assigned = updated.length > 0 ? updated : conflictColumns;
    const assignments = assigned.map(
      (name) => `${quoteIdentifier(name)} = EXCLUDED.${quoteIdentifier(name)}`,
    );
    return sourcesOf(chunk).map(({ sql, values }) => ({
      sql: [
        `INSERT INTO ${table.sql} (${names.map(quoteIdentifier).join(', ')}) ${sql}`,
        `ON CONFLICT (${conflictColumns.map(quoteIdentifier).join(', ')})`,
        `DO UPDATE SET ${assignments.join(', ')}`,
      ].join(' '),
      values,
      updates: true,
    }));
  });
}

/**
 * The columns of the unique key to go by: the given ones, or the primary key.
 * @throws BizError `BIZ_POSTGRES_KEY_UNKNOWN` when no unique index is on exactly these columns.
 */
export function conflictKey(table: Table, given: readonly string[]): string[] {
  given.forEach((name) => columnOf(table, name));
  const wanted = [...new Set(given)].sort();
  const key =
    wanted.length === 0
      ? table.uniqueKeys.find(({ primary }) => primary)
      : table.uniqueKeys.find(
          ({ columns }) => JSON.stringify([...columns].sort()) === JSON.stringify(wanted),
        );
  if (key) return key.columns;
  const known = table.uniqueKeys.map(({ columns }) => `(${columns.join(', ')})`);
  throw new BizError(
    'BIZ_POSTGRES_KEY_UNKNOWN',
    wanted.length === 0
      ? `${table.sql} has no primary key.`
      : `${table.sql} has no unique index on (${given.join(', ')}).`,
    {
      hint:
        known.length > 0
          ? `Choose one of its unique keys: ${known.join(', ')}.`
          : 'Create a unique index on the columns that identify a row.',
    },
  );
}
