import type { Store } from '@activepieces/pieces-framework';
import { BizError, type PollCursor, createPollCursor, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { type Database, withTransaction } from '../client';
import { formatTableName, quoteIdentifier } from '../identifiers';
import { type Column, type Table, columnOf, describeTable } from '../schema';

const CURSOR_KEY = 'postgres-new-row';
const SAMPLES = 5;

const settingsSchema = z.object({
  table: z.string().min(1),
  cursorColumn: z.string().min(1),
  start: z
    .enum(['latest', 'earliest'])
    .nullish()
    .transform((start) => start ?? 'latest'),
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

const positionSchema = z.object({
  /** Values of the order columns of the last row, as text; null before the first row. */
  after: z.array(z.string()).nullable(),
  /**
   * Set while other transactions are writing: rows up to `high` are safe to deliver once every transaction
   * before `xmax` has ended, because none of them can add a row below `high` any more.
   */
  mark: z.object({ high: z.string(), xmax: z.string() }).nullable(),
});

type Position = z.output<typeof positionSchema>;

interface Poll {
  readonly auth: unknown;
  readonly store: Pick<Store, 'get' | 'put'>;
  readonly settings: Settings;
}

/** Remembers where the table ends now, unless there is a position already. */
export async function prepareCursor({ auth, store, settings }: Poll): Promise<void> {
  const initial = await withTransaction(auth, (database) => initialPosition(database, settings), {
    readOnly: true,
  });
  await cursorOf(store, settings).amend((known) => known ?? initial);
}

/** The next rows, oldest first. */
export async function pollRows({ auth, store, settings }: Poll): Promise<unknown[]> {
  return withTransaction(
    auth,
    async (database) => {
      const cursor = cursorOf(store, settings);
      const { committed, promoted } = await cursor.begin();
      const from = promoted ?? committed ?? (await initialPosition(database, settings));
      const order = await orderOf(database, settings);
      const bound = await safeBound(database, order, from);
      const rows = bound.closed
        ? []
        : await rowsAfter(database, order, { after: from.after, high: bound.high, limit: settings.maxRows });
      const to: Position = { after: rows.at(-1)?.position ?? from.after, mark: bound.mark };
      if (rows.length === 0) await cursor.commit(to);
      else await cursor.stage({ from, to });
      return rows.map(({ row }) => toPayload(order.table, row));
    },
    { readOnly: true },
  );
}

/** The newest rows. */
export async function sampleRows(auth: unknown, settings: Settings): Promise<unknown[]> {
  return withTransaction(
    auth,
    async (database) => {
      const { table, columns } = await orderOf(database, settings);
      const { rows } = await database.query(
        `SELECT * FROM ${table.sql} ORDER BY ${columns.map(({ name }) => `${quoteIdentifier(name)} DESC NULLS LAST`).join(', ')} LIMIT ${SAMPLES}`,
      );
      return rows.map((row) => toPayload(table, row));
    },
    { readOnly: true },
  );
}

function cursorOf(store: Poll['store'], { afterCrash }: Settings): PollCursor<Position> {
  return createPollCursor({ store, key: CURSOR_KEY, schema: positionSchema, redelivery: afterCrash });
}

interface Order {
  readonly table: Table;
  /** The order column, then the tie-breakers. */
  readonly columns: Column[];
}

/** @throws BizError `BIZ_POSTGRES_KEY_MISSING` when rows with equal values could not be told apart. */
async function orderOf(database: Database, { table: name, cursorColumn }: Settings): Promise<Order> {
  const table = await describeTable(database, name);
  const cursor = columnOf(table, cursorColumn);
  const unique = table.uniqueKeys.some(({ columns }) => columns.length === 1 && columns[0] === cursorColumn);
  const key =
    table.uniqueKeys.find(({ primary }) => primary) ??
    table.uniqueKeys.find(({ columns }) => columns.every((one) => !columnOf(table, one).nullable));
  if (!unique && !key) {
    throw new BizError(
      'BIZ_POSTGRES_KEY_MISSING',
      `${table.sql} has no primary key, so rows with equal "${cursorColumn}" cannot be told apart.`,
      {
        hint: 'Add a primary key, or choose a unique column as the order.',
      },
    );
  }
  const breakers = unique ? [] : (key?.columns ?? []).filter((one) => one !== cursorColumn);
  return { table, columns: [cursor, ...breakers.map((one) => columnOf(table, one))] };
}

async function initialPosition(database: Database, settings: Settings): Promise<Position> {
  const { table, columns } = await orderOf(database, settings);
  if (settings.start === 'earliest') return { after: null, mark: null };
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const { rows } = await database.query<{ position: string[] }>(
    `SELECT ${positionSql(columns)} AS position FROM ${table.sql} WHERE ${names[0]} IS NOT NULL
     ORDER BY ${names.map((name) => `${name} DESC`).join(', ')} LIMIT 1`,
  );
  return { after: rows[0]?.position ?? null, mark: null };
}

interface Bound {
  /** True when no row may be delivered now. */
  readonly closed: boolean;
  /** Rows up to this value of the order column; undefined for all. */
  readonly high: string | undefined;
  readonly mark: Position['mark'];
}

async function safeBound(database: Database, { table, columns }: Order, { mark }: Position): Promise<Bound> {
  const { rows } = await database.query<{ xmin: string; xmax: string }>(
    `SELECT pg_snapshot_xmin(s)::text AS xmin, pg_snapshot_xmax(s)::text AS xmax FROM pg_current_snapshot() AS s`,
  );
  const { xmin = '0', xmax = '0' } = rows[0] ?? {};
  // Nobody else is writing: what is visible is all there is.
  if (xmin === xmax) return { closed: false, high: undefined, mark: null };
  const due = mark !== null && BigInt(xmin) >= BigInt(mark.xmax);
  if (mark !== null && !due) return { closed: true, high: undefined, mark };
  const name = quoteIdentifier(columns[0]?.name ?? '');
  const highest = await database.query<{ high: string | null }>(
    `SELECT max(${name})::text AS high FROM ${table.sql}`,
  );
  const high = highest.rows[0]?.high ?? null;
  return { closed: !due, high: due ? mark.high : undefined, mark: high === null ? null : { high, xmax } };
}

async function rowsAfter(
  database: Database,
  { table, columns }: Order,
  { after, high, limit }: { after: string[] | null; high: string | undefined; limit: number },
): Promise<{ row: Record<string, unknown>; position: string[] }[]> {
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const values: unknown[] = [];
  const conditions = [`${names[0]} IS NOT NULL`];
  const bind = (text: string | undefined, column: Column | undefined) => {
    values.push(text);
    return `$${values.length}::text::${column?.type}`;
  };
  if (after !== null) {
    conditions.push(
      `(${names.join(', ')}) > (${columns.map((column, index) => bind(after[index], column)).join(', ')})`,
    );
  }
  if (high !== undefined) conditions.push(`${names[0]} <= ${bind(high, columns[0])}`);
  const { rows } = await database.query<Record<string, unknown> & { [POSITION]: string[] }>(
    `SELECT *, ${positionSql(columns)} AS "${POSITION}" FROM ${table.sql} WHERE ${conditions.join(' AND ')}
     ORDER BY ${names.join(', ')} LIMIT ${limit}`,
    values,
  );
  return rows.map(({ [POSITION]: position, ...row }) => ({ row, position }));
}

function toPayload(table: Table, row: Record<string, unknown>) {
  return { table: formatTableName(table), row };
}

const POSITION = '__bizstack_position';

/** Text keeps every digit, such as the microseconds that a JavaScript date would lose. */
function positionSql(columns: readonly Column[]): string {
  return `ARRAY[${columns.map(({ name }) => `${quoteIdentifier(name)}::text`).join(', ')}]`;
}
