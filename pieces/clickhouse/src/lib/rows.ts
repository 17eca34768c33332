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
  /** One line each, without its end. */
  readonly lines: readonly string[];
  /** For each line the number of its row, from 1. */
  readonly numbers: readonly number[];
  readonly bad: readonly BadRow[];
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
const ROWS_PER_TURN = 5_000;

/** Checks rows against a table and turns them into text. */
export async function prepareRows(
  table: Table,
  rows: readonly unknown[],
  { columns, finish }: PrepareOptions = {},
): Promise<PreparedRows> {
  const known = new Map(table.columns.map((column) => [column.name, column]));
  const writable = new Map(
    table.columns.filter(isInsertable).map((column) => [column.name, writableOf(column)]),
  );
  const order = columns ?? [...writable.keys()];
  const lines: string[] = [];
  const numbers: number[] = [];
  const bad: BadRow[] = [];
  for (const [index, given] of rows.entries()) {
    if (index % ROWS_PER_TURN === ROWS_PER_TURN - 1) await nextTurn();
    let place: string | null = null;
    try {
      const row = toRow(given, order);
      const converted = convertRow(row, writable, (name) => {
        place = name;
        return known.has(name)
          ? `The server computes column "${name}" itself`
          : `There is no column "${name}"`;
      });
      place = null;
      lines.push(JSON.stringify(finish ? finish(converted) : converted));
      numbers.push(index + 1);
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      bad.push({ row: index + 1, column: error.column ?? place, reason: error.message });
    }
  }
  return { lines, numbers, bad };
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

function convertRow(
  row: Row,
  columns: ReadonlyMap<string, WritableColumn>,
  describeUnknown: (name: string) => string,
): Row {
  let changed: Row | undefined;
  let given = 0;
  for (const name of Object.keys(row)) {
    const column = columns.get(name);
    if (column === undefined) throw new ValueProblem(describeUnknown(name));
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

/** Rows without those with these places in `lines`; each is added to the bad ones with its reason. */
export function withoutRow(prepared: PreparedRows, place: number, reason: string): PreparedRows {
  const drop = <T>(list: readonly T[]) => [...list.slice(0, place), ...list.slice(place + 1)];
  return {
    lines: drop(prepared.lines),
    numbers: drop(prepared.numbers),
    bad: [...prepared.bad, { row: prepared.numbers[place] ?? 0, column: null, reason }],
  };
}

const CHUNK_CHARACTERS = 512 * 1024;

/** The text of the rows in portions, made while they are sent. */
export function* bodyOf(lines: readonly string[]): Generator<Buffer> {
  let portion: string[] = [];
  let characters = 0;
  for (const line of lines) {
    portion.push(line);
    characters += line.length;
    if (characters < CHUNK_CHARACTERS) continue;
    yield Buffer.from(`${portion.join('\n')}\n`);
    portion = [];
    characters = 0;
  }
  if (portion.length > 0) yield Buffer.from(`${portion.join('\n')}\n`);
}
