import type { Store } from '@activepieces/pieces-framework';
import { BizError, createPollCursor, parseInput, type PollCursor } from '@bizstack/piece-common';
import { z } from 'zod';
import { type Database, withDatabase } from '../client';
import { formatTableName, quoteIdentifier } from '../identifiers';
import type { ResultRow } from '../result';
import { type Column, columnOf, describeTable, type Table } from '../schema';
import { formatType, innerType, parseType } from '../types/type';
import { Parameters } from '../values';
import {
  advance,
  MAX_SEEN,
  type Order,
  type PolledRow,
  type Position,
  positionSchema,
  seenCount,
  START,
  unseen,
} from './row-position';

const CURSOR_KEY = 'clickhouse-new-row';
const SAMPLES = 5;
const ORDER = '__bizstack_order';
const AFTER = '__bizstack_after';

const settingsSchema = z.object({
  table: z.string().min(1),
  cursorColumn: z.string().min(1),
  tieBreakers: z
    .array(z.string())
    .nullish()
    .transform((names) => names ?? []),
  start: z
    .enum(['latest', 'earliest'])
    .nullish()
    .transform((start) => start ?? 'latest'),
  lookbackSeconds: z.coerce
    .number()
    .int()
    .min(0)
    .max(86_400)
    .nullish()
    .transform((seconds) => seconds ?? 60),
  final: z
    .boolean()
    .nullish()
    .transform((final) => final ?? false),
  maxRows: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .nullish()
    .transform((rows) => rows ?? 100),
  afterCrash: z
    .enum(['redeliver', 'continue'])
    .nullish()
    .transform((choice) => choice ?? 'redeliver'),
});

export type Settings = z.output<typeof settingsSchema>;

/** @throws BizError `BIZ_INPUT_INVALID` */
export function parseSettings(propsValue: unknown): Settings {
  return parseInput('New Row', propsValue, settingsSchema);
}

interface Poll {
  readonly auth: unknown;
  readonly store: Pick<Store, 'get' | 'put'>;
  readonly settings: Settings;
}

/** Remembers where the table ends now, unless there is a position already. */
export async function prepareCursor({ auth, store, settings }: Poll): Promise<void> {
  const initial = await withDatabase(auth, async (database) =>
    initialPosition(database, await sourceOf(database, settings)),
  );
  await cursorOf(store, settings).amend((known) => known ?? initial);
}

/** The next rows, oldest first. */
export async function pollRows({ auth, store, settings }: Poll): Promise<unknown[]> {
  return withDatabase(auth, async (database) => {
    const cursor = cursorOf(store, settings);
    const { committed, promoted } = await cursor.begin();
    const source = await sourceOf(database, settings);
    const from = promoted ?? committed ?? (await initialPosition(database, source));
    const rows = unseen(from, await readRows(database, source, from)).slice(0, deliverable(from, settings));
    const to = advance(from, rows, source.order);
    if (rows.length === 0) await cursor.commit(to);
    else await cursor.stage({ from, to });
    return rows.map(({ row }) => toPayload(source.table, row));
  });
}

/** Rows with equal values come together when they are not remembered, so that none falls between two polls. */
function deliverable({ tracked }: Position, { maxRows }: Settings): number {
  return tracked ? maxRows : Infinity;
}

/** The newest rows. */
export async function sampleRows(auth: unknown, settings: Settings): Promise<unknown[]> {
  return withDatabase(auth, async (database) => {
    const { table, columns, from } = await sourceOf(database, settings);
    const { rows } = await database.read({
      sql: `SELECT * FROM ${from} ORDER BY ${columns.map(({ sql }) => `${sql} DESC NULLS LAST`).join(', ')} LIMIT ${SAMPLES}`,
    });
    return rows.map((row) => toPayload(table, row));
  });
}

function cursorOf(store: Poll['store'], { afterCrash }: Settings): PollCursor<Position> {
  return createPollCursor({ store, key: CURSOR_KEY, schema: positionSchema, redelivery: afterCrash });
}

interface OrderColumn {
  /** Quoted. */
  readonly sql: string;
  /** Gives its value as text. */
  readonly textSql: string;
  /** The type as which the text is read again. */
  readonly type: string;
}

interface Source {
  readonly table: Table;
  /** The quoted name, with FINAL where asked for. */
  readonly from: string;
  /** The order column, then the tie-breakers. */
  readonly columns: readonly OrderColumn[];
  readonly order: Order;
  readonly settings: Settings;
}

async function sourceOf(database: Database, settings: Settings): Promise<Source> {
  const table = await describeTable(database, settings.table);
  const first = columnOf(table, settings.cursorColumn);
  const sorting = table.columns.filter(({ inSortingKey }) => inSortingKey).map(({ name }) => name);
  const names = [...new Set([...settings.tieBreakers, ...sorting])].filter((name) => name !== first.name);
  const { type } = innerType(parseType(first.type));
  const isTime = type.name === 'DateTime' || type.name === 'DateTime64';
  const lookback = isTime ? settings.lookbackSeconds : 0;
  return {
    table,
    from: `${table.sql}${settings.final ? ' FINAL' : ''}`,
    columns: [first, ...names.map((name) => columnOf(table, name))].map(orderColumn),
    order: { floorOf: (last) => earlier(last, lookback), comparable: isTime },
    settings,
  };
}

/** @throws BizError `BIZ_CLICKHOUSE_ORDER_INVALID` */
function orderColumn({ name, type: text }: Column): OrderColumn {
  const { type, nullable } = innerType(parseType(text));
  const sql = quoteIdentifier(name);
  if (/^(Array|Map|Tuple|JSON|Object|Variant|Dynamic|Nested|AggregateFunction|Point|Ring)/.test(type.name)) {
    throw new BizError(
      'BIZ_CLICKHOUSE_ORDER_INVALID',
      `Column "${name}" (${text}) cannot be an order of rows.`,
      {
        hint: 'Choose a column with a time, a number or text.',
      },
    );
  }
  const value = nullable ? `assumeNotNull(${sql})` : sql;
  if (type.name === 'DateTime' || type.name === 'DateTime64') {
    const scale = type.args[0]?.kind === 'number' ? type.args[0].value : '3';
    return {
      sql,
      // In UTC, because the hour that comes twice in autumn is not in order.
      textSql: `toString(toTimeZone(${value}, 'UTC'))`,
      type: type.name === 'DateTime' ? "DateTime('UTC')" : `DateTime64(${scale}, 'UTC')`,
    };
  }
  return { sql, textSql: `toString(${value})`, type: formatType(type) };
}

/** The text of a time, some seconds earlier; its fraction stays as it is. */
function earlier(last: string, seconds: number): string {
  if (seconds === 0) return last;
  const moment = new Date(`${last.slice(0, 19).replace(' ', 'T')}Z`).getTime() - seconds * 1000;
  return `${new Date(moment).toISOString().slice(0, 19).replace('T', ' ')}${last.slice(19)}`;
}

async function initialPosition(database: Database, source: Source): Promise<Position> {
  if (source.settings.start === 'earliest') return START;
  const { columns, from, order } = source;
  const { rows } = await database.read({
    sql: `SELECT [${columns.map(({ textSql }) => textSql).join(', ')}] AS last FROM ${from}
      WHERE ${columns.map(({ sql }) => `isNotNull(${sql})`).join(' AND ')}
      ORDER BY ${columns.map(({ sql }) => `${sql} DESC`).join(', ')} LIMIT 1`,
  });
  const last = z.array(z.string()).safeParse(rows[0]?.['last']).data;
  if (last === undefined) return START;
  const floor = order.floorOf(last[0] ?? '');
  // Rows that are there already count as delivered.
  const there = await selectRows(database, source, { ...START, last, floor }, MAX_SEEN + 1);
  if (there.length > MAX_SEEN) return { last, floor: last[0] ?? '', seen: [], tracked: false };
  return advance({ last, floor, seen: [], tracked: true }, there, order);
}

async function readRows(database: Database, source: Source, position: Position): Promise<ReadRow[]> {
  return selectRows(database, source, position, seenCount(position) + source.settings.maxRows);
}

type ReadRow = PolledRow & { readonly row: ResultRow };

const polledSchema = z.object({ [ORDER]: z.array(z.string()), [AFTER]: z.coerce.number() });

async function selectRows(
  database: Database,
  { columns, from }: Source,
  { last, floor, tracked }: Position,
  limit: number,
): Promise<ReadRow[]> {
  const parameters = new Parameters();
  const names = columns.map(({ sql }) => sql);
  // Rows without a value have no place in the order.
  const conditions = names.map((name) => `isNotNull(${name})`);
  let after = '1';
  if (last !== null) {
    const values = columns.map(({ type }, index) => parameters.bind(type, last[index]));
    after = `tuple(${names.join(', ')}) > tuple(${values.join(', ')})`;
    const [first] = columns;
    if (!tracked) conditions.push(after);
    else if (first) conditions.push(`${first.sql} >= ${parameters.bind(first.type, floor)}`);
  }
  const { rows } = await database.read({
    sql: `SELECT *, [${columns.map(({ textSql }) => textSql).join(', ')}] AS ${ORDER}, ${after} AS ${AFTER}
      FROM ${from} WHERE ${conditions.join(' AND ')}
      ORDER BY ${names.join(', ')} LIMIT ${limit}${tracked ? '' : ' WITH TIES'}`,
    params: parameters.values,
  });
  return rows.map((given) => {
    const { [ORDER]: order, [AFTER]: isAfter, ...row } = given;
    const polled = parseInput('Row', { [ORDER]: order, [AFTER]: isAfter }, polledSchema);
    return { row, order: polled[ORDER], after: polled[AFTER] === 1, content: JSON.stringify(row) };
  });
}

function toPayload(table: Table, row: ResultRow) {
  return { table: formatTableName(table), row };
}
