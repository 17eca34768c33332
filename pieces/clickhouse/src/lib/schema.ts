import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import type { Database } from './client';
import { formatTableName, parseTableName, quoteIdentifier } from './identifiers';

const flag = z.coerce.number().transform((value) => value !== 0);

const columnSchema = z.object({
  name: z.string(),
  /** As ClickHouse writes it, for example `Nullable(Int64)`. */
  type: z.string(),
  /** `DEFAULT`, `MATERIALIZED`, `ALIAS`, `EPHEMERAL`, or empty. */
  defaultKind: z.string(),
  defaultExpression: z.string(),
  comment: z.string(),
  inPartitionKey: flag,
  inSortingKey: flag,
  inPrimaryKey: flag,
});

export type Column = z.output<typeof columnSchema>;

const tableSchema = z.object({
  database: z.string(),
  table: z.string(),
  engine: z.string(),
  engineFull: z.string(),
  partitionKey: z.string(),
  sortingKey: z.string(),
  primaryKey: z.string(),
  comment: z.string(),
  totalRows: z.coerce.number().nullable(),
  totalBytes: z.coerce.number().nullable(),
});

export type TableInfo = z.output<typeof tableSchema>;

export interface Table extends TableInfo {
  /** The quoted name, safe to stand in SQL: it was found in the schema. */
  readonly sql: string;
  readonly columns: Column[];
}

const TABLE_COLUMNS = `database, name AS table, engine, engine_full AS engineFull, partition_key AS partitionKey,
  sorting_key AS sortingKey, primary_key AS primaryKey, comment, total_rows AS totalRows, total_bytes AS totalBytes`;

const TABLES_SQL = `SELECT ${TABLE_COLUMNS} FROM system.tables
WHERE (database = {database:String} OR ({database:String} = '' AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')))
  AND NOT is_temporary AND name NOT LIKE '.inner%'
ORDER BY database, name`;

const TABLE_SQL = `SELECT ${TABLE_COLUMNS} FROM system.tables
WHERE database = {database:String} AND name = {table:String} LIMIT 1`;

const COLUMNS_SQL = `SELECT name, type, default_kind AS defaultKind, default_expression AS defaultExpression, comment,
  is_in_partition_key AS inPartitionKey, is_in_sorting_key AS inSortingKey, is_in_primary_key AS inPrimaryKey
FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position`;

const ALIKE_SQL = `SELECT database, name AS table FROM system.tables
WHERE lower(name) = lower({table:String}) ORDER BY database, name LIMIT 10`;

/** Tables and views of one database, or of all but the system's own. */
export async function listTables(database: Database, name?: string): Promise<TableInfo[]> {
  const { rows } = await database.read({ sql: TABLES_SQL, params: { database: name ?? '' } });
  return parseInput('List of tables', rows, z.array(tableSchema));
}

/**
 * What the server knows about a table.
 * @throws BizError `BIZ_CLICKHOUSE_TABLE_UNKNOWN`, with the tables that look alike.
 */
export async function describeTable(database: Database, text: string): Promise<Table> {
  const { database: owner = database.name, table } = parseTableName(text);
  const params = { database: owner, table };
  const [tables, columns] = await Promise.all([
    database.read({ sql: TABLE_SQL, params }),
    database.read({ sql: COLUMNS_SQL, params }),
  ]);
  const [info] = parseInput('Table', tables.rows, z.array(tableSchema));
  if (!info) throw await unknownTable(database, params);
  return {
    ...info,
    sql: `${quoteIdentifier(owner)}.${quoteIdentifier(table)}`,
    columns: parseInput('Columns', columns.rows, z.array(columnSchema)),
  };
}

/** How long what is known about a table serves for inserts of a few rows. */
const RECENT_MS = 10_000;
const recent = new WeakMap<object, Map<string, { table: Table; at: number }>>();

/** The table as it was described within the last seconds; it may have changed since. */
export function recentTable({ connection }: Database, text: string): Table | undefined {
  const known = recent.get(connection)?.get(text);
  return known && Date.now() - known.at < RECENT_MS ? known.table : undefined;
}

/** Like {@link describeTable}, and remembered for {@link recentTable}. */
export async function rememberTable(database: Database, text: string): Promise<Table> {
  const table = await describeTable(database, text);
  const tables = recent.get(database.connection) ?? new Map<string, { table: Table; at: number }>();
  // Names may come from data, so that there is no end to them.
  if (tables.size >= 100) tables.clear();
  recent.set(database.connection, tables.set(text, { table, at: Date.now() }));
  return table;
}

async function unknownTable(
  database: Database,
  name: { database: string; table: string },
): Promise<BizError> {
  const { rows } = await database.read({ sql: ALIKE_SQL, params: { table: name.table } });
  const alike = parseInput(
    'List of tables',
    rows,
    z.array(z.object({ database: z.string(), table: z.string() })),
  ).map(formatTableName);
  return new BizError(
    'BIZ_CLICKHOUSE_TABLE_UNKNOWN',
    `There is no table ${formatTableName(name)} that this user can see.`,
    {
      hint: alike.length > 0 ? `There is ${alike.join(', ')}.` : 'Check the name and the rights of the user.',
    },
  );
}

/**
 * The column of a table.
 * @throws BizError `BIZ_CLICKHOUSE_COLUMN_UNKNOWN`, with the columns that exist.
 */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((one) => one.name === name);
  if (column) return column;
  throw new BizError('BIZ_CLICKHOUSE_COLUMN_UNKNOWN', `${formatTableName(table)} has no column "${name}".`, {
    hint: `It has: ${table.columns.map((one) => one.name).join(', ')}.`,
  });
}

/** Columns that an INSERT may name: not those that the server computes. */
export function isInsertable({ defaultKind }: Column): boolean {
  return defaultKind !== 'MATERIALIZED' && defaultKind !== 'ALIAS';
}

/**
 * The column, if values can be written into it.
 * @throws BizError `BIZ_CLICKHOUSE_COLUMN_UNKNOWN`, `BIZ_CLICKHOUSE_COLUMN_COMPUTED`
 */
export function writableColumn(table: Table, name: string): Column {
  const column = columnOf(table, name);
  if (isInsertable(column)) return column;
  throw new BizError('BIZ_CLICKHOUSE_COLUMN_COMPUTED', `The server computes column "${name}" itself.`, {
    hint: 'Leave it out.',
  });
}
