import { setImmediate as nextTurn } from 'node:timers/promises';
import { jsonObjectSchema } from '@bizstack/piece-common';
import { z } from 'zod';
import { type Column, isInsertable, type Table } from './schema';
import { type Converter, converterFor } from './types/convert';
import { ValueProblem } from './types/problem';
import { parseType } from './types/type';

export const MAX_ROWS = 1_000_000;

export type Row = Record<string, unknown>;

/** A list of objects or of lists, or a single object. Elements are looked at one by one later. */
export const rowsSchema = z.union([
  z.array(z.unknown()).max(MAX_ROWS),
  jsonObjectSchema.transform((row) => [row]),
]);

export interface BadRow {
  /** From 1, in the list that was given. */
  readonly row: number;
  readonly column: string | null;
  readonly reason: string;
}

/** Rows as lines of JSON, ready to be sent, and those that the table cannot hold. */
export interface PreparedRows {
  /** One line each, without its end: an object, or the list of the values of `columns`. */
  readonly lines: readonly string[];
  /** Set when all rows have these columns, so that their names need not be written a million times. */
  readonly columns?: readonly string[] | undefined;
  /** For each line the number of its row, from 1. */
  readonly numbers: readonly number[];
  readonly bad: readonly BadRow[];
}

/** Rows that are prepared while the first of them are sent already. */
export interface RowsInPreparation extends PreparedRows {
  /** Of good and bad ones. */
  readonly total: number;
  /** Prepares some more; false when there are none left. */
  advance(): boolean;
}

interface WritableColumn {
  readonly name: string;
  readonly convert: Converter;
  readonly hasDefault: boolean;
}

export interface PrepareOptions {
  /** Names for rows that are lists; the columns of the table by default. */
  readonly columns?: readonly string[] | undefined;
  /** Changes a row that was found good otherwise, or refuses it with a {@link ValueProblem}. */
  readonly finish?: (row: Row) => Row;
}

/** Rows between two turns of the event loop. */
const ROWS_PER_TURN = 2_000;

/** Checks rows against a table and turns them into text, some at a time. */
export function startRows(
  table: Table,
  rows: readonly unknown[],
  { columns, finish }: PrepareOptions = {},
): RowsInPreparation {
  const known = new Map(table.columns.map((column) => [column.name, column]));
  const writable = new Map(
    table.columns.filter(isInsertable).map((column) => [column.name, writableOf(column)]),
  );
  const order = columns ?? [...writable.keys()];
  const common = finish ? undefined : commonColumns(rows, order, writable);
  const lines: string[] = [];
  const numbers: number[] = [];
  const bad: BadRow[] = [];
  const describeUnknown = (name: string) =>
    known.has(name) ? `The server computes column "${name}" itself` : `There is no column "${name}"`;
  let next = 0;

  function prepare(given: unknown, number: number): void {
    try {
      if (common) {
        lines.push(JSON.stringify(valuesOf(given, common)));
      } else {
        const converted = convertRow(toRow(given, order), writable, describeUnknown);
        lines.push(JSON.stringify(finish ? finish(converted) : converted));
      }
      numbers.push(number);
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      bad.push({ row: number, column: error.column ?? null, reason: error.message });
    }
  }

  return {
    lines,
    columns: common?.map(({ name }) => name),
    numbers,
    bad,
    total: rows.length,
    advance() {
      const end = Math.min(next + ROWS_PER_TURN, rows.length);
      for (; next < end; next += 1) prepare(rows[next], next + 1);
      return next < rows.length;
    },
  };
}

/** Prepares all rows that are left. */
export async function finishRows(rows: RowsInPreparation): Promise<PreparedRows> {
  while (rows.advance()) await nextTurn();
  return rows;
}

/** Checks rows against a table and turns them into text. */
export function prepareRows(
  table: Table,
  rows: readonly unknown[],
  options: PrepareOptions = {},
): Promise<PreparedRows> {
  return finishRows(startRows(table, rows, options));
}

function writableOf({ name, type, defaultKind }: Column): WritableColumn {
  return { name, convert: converterFor(type, parseType(type)), hasDefault: defaultKind !== '' };
}

function toRow(given: unknown, columns: readonly string[]): Row {
  if (Array.isArray(given)) {
    if (given.length !== columns.length) {
      throw new ValueProblem(`The row has ${given.length} values for ${columns.length} columns`);
    }
    return Object.fromEntries(columns.map((name, index) => [name, given[index]]));
  }
  if (isRow(given)) return given;
  throw new ValueProblem('The row is neither an object nor a list');
}

/** By hand, because a schema would copy each of a million rows. */
function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null;
}

/**
 * The columns, if every row gives a value to exactly the same ones, in the same order. Rows with nothing for a
 * column that has a default must leave that column out.
 */
function commonColumns(
  rows: readonly unknown[],
  order: readonly string[],
  writable: ReadonlyMap<string, WritableColumn>,
): readonly WritableColumn[] | undefined {
  const [first] = rows;
  const names = Array.isArray(first) ? order : isRow(first) ? Object.keys(first) : [];
  const columns = names.flatMap((name) => writable.get(name) ?? []);
  if (columns.length !== names.length || columns.length === 0) return undefined;
  const fits = (value: unknown, index: number) =>
    value !== undefined && (value !== null || columns[index]?.hasDefault === false);
  const listsFit = names.length === order.length && names.every((name, index) => name === order[index]);
  for (const row of rows) {
    if (Array.isArray(row)) {
      if (!listsFit || row.length !== order.length || !row.every(fits)) return undefined;
      continue;
    }
    if (!isRow(row)) return undefined;
    let index = 0;
    for (const name in row) {
      if (name !== names[index] || !fits(row[name], index)) return undefined;
      index += 1;
    }
    if (index !== names.length) return undefined;
  }
  return columns;
}

function valuesOf(given: unknown, columns: readonly WritableColumn[]): unknown[] {
  if (Array.isArray(given)) return columns.map((column, index) => convertValue(column, given[index]));
  const row = isRow(given) ? given : {};
  return columns.map((column) => convertValue(column, row[column.name]));
}

function convertRow(
  row: Row,
  columns: ReadonlyMap<string, WritableColumn>,
  describeUnknown: (name: string) => string,
): Row {
  let changed: Row | undefined;
  let given = 0;
  for (const name of Object.keys(row)) {
    const column = columns.get(name);
    if (column === undefined) throw new ValueProblem(describeUnknown(name), name);
    const value = row[name];
    if (value === undefined) continue;
    given += 1;
    const converted = convertValue(column, value);
    if (converted !== value) {
      changed ??= { ...row };
      changed[name] = converted;
    }
  }
  if (given === 0) throw new ValueProblem('The row has no columns');
  return changed ?? row;
}

function convertValue(column: WritableColumn, value: unknown): unknown {
  try {
    // Left out, so that the server puts its default there.
    if (value === null && column.hasDefault) return undefined;
    return column.convert(value);
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    throw new ValueProblem(`"${column.name}" ${error.message}`, column.name);
  }
}

const listSchema = z.array(z.unknown());

/** A line that is a list of values as one that is an object. */
export function withNames(line: string, columns: readonly string[]): string {
  const values = listSchema.parse(JSON.parse(line));
  return JSON.stringify(Object.fromEntries(columns.map((name, index) => [name, values[index]])));
}

/** Rows without those with these places in `lines`; each is added to the bad ones with its reason. */
export function withoutRow(prepared: PreparedRows, place: number, reason: string): PreparedRows {
  const drop = <T>(list: readonly T[]) => [...list.slice(0, place), ...list.slice(place + 1)];
  return {
    lines: drop(prepared.lines),
    columns: prepared.columns,
    numbers: drop(prepared.numbers),
    bad: [...prepared.bad, { row: prepared.numbers[place] ?? 0, column: null, reason }],
  };
}

const CHUNK_CHARACTERS = 256 * 1024;

/** The text of prepared rows in portions, made while they are sent. */
export function* bodyOf(lines: readonly string[]): Generator<Buffer> {
  yield* bodyWhile(lines, () => false);
}

/** The same for lines that become more whenever `advance` is called, until it says that there are none left. */
export function* bodyWhile(lines: readonly string[], advance: () => boolean): Generator<Buffer> {
  let at = 0;
  for (let more = true; more || at < lines.length;) {
    let end = at;
    for (let characters = 0; characters < CHUNK_CHARACTERS; end += 1) {
      while (more && end >= lines.length) more = advance();
      if (end >= lines.length) break;
      characters += lines[end]?.length ?? 0;
    }
    if (end > at) yield Buffer.from(`${lines.slice(at, end).join('\n')}\n`);
    at = end;
  }
}
