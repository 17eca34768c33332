import { BizError } from '@bizstack/piece-common';
import type { Database } from './client';
import { formatTableName, quoteIdentifier } from './identifiers';
import { replacingOf } from './replacing';
import type { PreparedRows, Row } from './rows';
import { type Column, columnOf, type Table } from './schema';
import { ValueProblem } from './types/problem';
import { type ClickHouseType, formatType, innerType, parseType } from './types/type';
import { toParameter } from './values';

export interface UpsertPlan {
  /** `key_value`: the engine itself replaces at once. */
  readonly method: 'replacing' | 'key_value' | 'delete_insert';
  readonly keyColumns: readonly Column[];
  /** Refuses rows without a key and gives the others a version. */
  readonly finish: (row: Row) => Row;
  /** Of several rows with the same key the last one. */
  readonly lastOfEachKey: (prepared: PreparedRows) => PreparedRows;
}

/**
 * How rows of this table are replaced.
 * @throws BizError `BIZ_CLICKHOUSE_KEY_UNKNOWN`, `BIZ_CLICKHOUSE_COLUMN_UNKNOWN`
 */
export function planUpsert(table: Table, keyNames: readonly string[]): UpsertPlan {
  const replacing = replacingOf(table);
  const keyValue = /RocksDB$|^KeeperMap$|^Redis$/.test(table.engine);
  if ((replacing || keyValue) && keyNames.length > 0) {
    throw new BizError(
      'BIZ_CLICKHOUSE_KEY_UNKNOWN',
      `${formatTableName(table)} (${table.engine}) goes by its own key.`,
      {
        hint: 'Leave "Key columns" empty.',
      },
    );
  }
  const method = replacing ? 'replacing' : keyValue ? 'key_value' : 'delete_insert';
  const keyColumns =
    method === 'delete_insert'
      ? keyNames.map((name) => columnOf(table, name))
      : table.columns.filter(({ inSortingKey, inPrimaryKey }) => inSortingKey || inPrimaryKey);
  if (keyColumns.length === 0) {
    throw new BizError(
      'BIZ_CLICKHOUSE_KEY_UNKNOWN',
      `${formatTableName(table)} (${table.engine}) has no key to go by.`,
      {
        hint: 'Choose "Key columns", or make it a ReplacingMergeTree with an ORDER BY.',
      },
    );
  }
  const version = replacing?.versionColumn == null ? undefined : columnOf(table, replacing.versionColumn);
  return {
    method,
    keyColumns,
    finish: (row) => withVersion(requireKey(row, keyColumns, method), version),
    lastOfEachKey: (prepared) => lastOfEachKey(prepared, keyColumns, version),
  };
}

function requireKey(row: Row, keyColumns: readonly Column[], method: UpsertPlan['method']): Row {
  const missing = keyColumns.find(({ name, defaultKind }) => {
    // Which default the server would put there is not known here, so it cannot be deleted by it.
    const needed = defaultKind === '' || method === 'delete_insert';
    return needed && (row[name] === undefined || row[name] === null || row[name] === '');
  });
  if (missing) throw new ValueProblem(`The key column "${missing.name}" has no value`, missing.name);
  return row;
}

/** A row without a version would be the oldest; the time of writing makes it the newest. */
function withVersion(row: Row, version: Column | undefined): Row {
  if (version === undefined || version.defaultKind !== '' || row[version.name] !== undefined) return row;
  return { ...row, [version.name]: currentVersion(version) };
}

function currentVersion({ name, type: text }: Column): unknown {
  const { type } = innerType(parseType(text));
  if (/^U?Int(64|128|256)$/.test(type.name)) return String(Date.now());
  if (/^U?Int32$/.test(type.name)) return Math.floor(Date.now() / 1000);
  if (type.name.startsWith('DateTime')) return new Date().toISOString();
  throw new ValueProblem(`The version column "${name}" has no value`, name);
}

function lastOfEachKey(
  { lines, numbers, bad }: PreparedRows,
  keyColumns: readonly Column[],
  version: Column | undefined,
): PreparedRows {
  // With versions the engine itself knows which row is the last.
  if (version !== undefined) return { lines, numbers, bad };
  const last = new Map<string, number>();
  for (const [index, line] of lines.entries()) last.set(keyOf(line, keyColumns), index);
  const kept = [...last.values()].sort((a, b) => a - b);
  const pick = <T>(list: readonly T[]) => kept.flatMap((index) => list.slice(index, index + 1));
  return { lines: pick(lines), numbers: pick(numbers), bad };
}

function keyOf(line: string, keyColumns: readonly Column[]): string {
  const row = parseLine(line);
  return JSON.stringify(keyColumns.map(({ name }) => String(row[name])));
}

function parseLine(line: string): Row {
  return Object(JSON.parse(line)) as Row;
}

/** Parameters of statements travel in the URL. */
const KEYS_PER_STATEMENT = 200;

/** Deletes the rows whose keys are about to be written. */
export async function deleteKeys(
  database: Database,
  table: Table,
  { keyColumns }: UpsertPlan,
  lines: readonly string[],
): Promise<void> {
  const type = `Array(Tuple(${keyColumns.map((column) => formatType(keyType(column))).join(', ')}))`;
  const names = keyColumns.map(({ name }) => quoteIdentifier(name)).join(', ');
  for (let start = 0; start < lines.length; start += KEYS_PER_STATEMENT) {
    const keys = lines.slice(start, start + KEYS_PER_STATEMENT).map((line) => {
      const row = parseLine(line);
      return keyColumns.map(({ name }) => row[name]);
    });
    await database.execute({
      sql: `DELETE FROM ${table.sql} WHERE tuple(${names}) IN {keys:${type}}`,
      params: { keys: toParameter('Key columns', type, keys) },
      settings: { mutations_sync: 2 },
    });
  }
}

function keyType({ type }: Column): ClickHouseType {
  return innerType(parseType(type)).type;
}
