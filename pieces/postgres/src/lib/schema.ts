import { BizError } from '@bizstack/piece-common';
import type { Database } from './client';
import { type TableName, formatTableName, parseTableName, quoteTable } from './identifiers';

export interface Column {
  readonly name: string;
  /** As PostgreSQL writes it, for example `character varying(200)`. */
  readonly type: string;
  /**
   * The type without its length or scale, which a cast would cut values to; null where `unnest` would take values
   * apart: lists and records.
   */
  readonly baseType: string | null;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  /** Computed by the server, never written. */
  readonly generated: boolean;
  readonly comment: string | null;
}

export interface UniqueKey {
  readonly name: string;
  readonly columns: string[];
  readonly primary: boolean;
}

export interface Table extends TableName {
  /** `"schema"."table"`, safe to stand in SQL. */
  readonly sql: string;
  readonly columns: Column[];
  /** Unique indexes that ON CONFLICT can name: on plain columns of all rows. */
  readonly uniqueKeys: UniqueKey[];
}

export interface TableInfo extends TableName {
  readonly kind: 'table' | 'view' | 'materialized view' | 'foreign table';
  /** The planner's estimate; null before the first ANALYZE. */
  readonly estimatedRows: number | null;
  readonly comment: string | null;
}

const TABLES_SQL = `
SELECT n.nspname AS schema, c.relname AS table,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
       CASE WHEN c.reltuples < 0 THEN NULL ELSE c.reltuples::float8 END AS "estimatedRows",
       obj_description(c.oid, 'pg_class') AS comment
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')
  AND ($1::text IS NULL OR n.nspname = $1)
ORDER BY n.nspname, c.relname`;

const COLUMNS_SQL = `
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, CASE WHEN t.typtype IN ('b', 'e', 'r') AND t.typcategory <> 'A' THEN format_type(t.oid, -1) END AS "baseType",
       NOT a.attnotnull AS nullable,
       (a.atthasdef OR a.attidentity <> '') AS "hasDefault",
       (a.attgenerated <> '' OR a.attidentity = 'a') AS generated, col_description(c.oid, a.attnum) AS comment
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`;

const UNIQUE_KEYS_SQL = `
SELECT i.relname AS name, x.indisprimary AS primary,
       array_agg(a.attname::text ORDER BY k.position) AS columns
FROM pg_index x
JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class i ON i.oid = x.indexrelid
CROSS JOIN LATERAL unnest(x.indkey[0:x.indnkeyatts - 1]) WITH ORDINALITY AS k(attnum, position)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE n.nspname = $1 AND c.relname = $2 AND x.indisunique AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
GROUP BY i.relname, x.indisprimary
ORDER BY x.indisprimary DESC, i.relname`;

/** Tables and views that the user may use, of one schema or of all. */
export async function listTables(database: Database, schema?: string): Promise<TableInfo[]> {
  return (await database.query<TableInfo & Record<string, unknown>>(TABLES_SQL, [schema ?? null])).rows;
}

/**
 * What the server knows about a table.
 * @throws BizError `BIZ_POSTGRES_TABLE_UNKNOWN`, with the names that look alike.
 */
export async function describeTable(database: Database, name: string): Promise<Table> {
  const table = parseTableName(name);
  const values = [table.schema, table.table];
  const columns = await database.query<Column & Record<string, unknown>>(COLUMNS_SQL, values);
  if (columns.rows.length === 0) throw await unknownTable(database, table);
  const keys = await database.query<UniqueKey & Record<string, unknown>>(UNIQUE_KEYS_SQL, values);
  return { ...table, sql: quoteTable(table), columns: columns.rows, uniqueKeys: keys.rows };
}

async function unknownTable(database: Database, table: TableName): Promise<BizError> {
  const alike = (await listTables(database))
    .filter((other) => other.table.toLowerCase() === table.table.toLowerCase())
    .map(formatTableName);
  return new BizError(
    'BIZ_POSTGRES_TABLE_UNKNOWN',
    `There is no table ${formatTableName(table)} that this user can see.`,
    {
      hint: alike.length > 0 ? `There is ${alike.join(', ')}.` : 'Check the name and the rights of the user.',
    },
  );
}

/**
 * The column of a table.
 * @throws BizError `BIZ_POSTGRES_COLUMN_UNKNOWN`, with the columns that exist.
 */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((one) => one.name === name);
  if (column) return column;
  throw new BizError('BIZ_POSTGRES_COLUMN_UNKNOWN', `${formatTableName(table)} has no column "${name}".`, {
    hint: `It has: ${table.columns.map((one) => one.name).join(', ')}.`,
  });
}
