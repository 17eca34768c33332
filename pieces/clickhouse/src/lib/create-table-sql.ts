import { BizError } from '@bizstack/piece-common';
import { quoteIdentifier } from './identifiers';
import type { InferredColumn } from './infer';
import { formatType, innerType, parseType } from './types/type';

export const ENGINES = [
  'MergeTree',
  'ReplacingMergeTree',
  'SummingMergeTree',
  'AggregatingMergeTree',
  'ReplicatedMergeTree',
  'ReplicatedReplacingMergeTree',
  'Memory',
  'Log',
  'Null',
] as const;
export type Engine = (typeof ENGINES)[number];

export const PARTITIONS = ['none', 'month', 'day', 'year', 'value'] as const;
export type Partition = (typeof PARTITIONS)[number];

const PARTITION_FUNCTIONS = { month: 'toYYYYMM', day: 'toYYYYMMDD', year: 'toYear' } as const;

export interface NewTable {
  /** Quoted. */
  readonly name: string;
  readonly columns: readonly InferredColumn[];
  readonly engine: Engine;
  readonly orderBy: readonly string[];
  readonly partitionBy: Partition;
  readonly partitionColumn: string | undefined;
  readonly versionColumn: string | undefined;
  readonly ttlColumn: string | undefined;
  readonly ttlDays: number | undefined;
  /** Inserts whose tokens are remembered; 0 for none. */
  readonly deduplicationWindow: number;
  readonly comment: string | undefined;
  readonly ifNotExists: boolean;
}

/**
 * A CREATE TABLE statement. Names and the comment are quoted, types are read and written anew.
 * @throws BizError `BIZ_CLICKHOUSE_TYPE_INVALID`, `BIZ_CLICKHOUSE_NAME_INVALID`, `BIZ_CLICKHOUSE_COLUMN_UNKNOWN`,
 *   `BIZ_CLICKHOUSE_KEY_UNKNOWN`
 */
export function createTableSql(table: NewTable): string {
  const mergeTree = table.engine.endsWith('MergeTree');
  if (table.columns.length === 0) {
    throw new BizError('BIZ_INPUT_INVALID', 'The table would have no columns.', {
      hint: 'Give "Columns", or sample rows.',
    });
  }
  const types = new Map(table.columns.map(({ name, type }) => [name, parseType(type)]));
  if (types.size < table.columns.length) throw new BizError('BIZ_INPUT_INVALID', 'A column is there twice.');
  const known = (name: string) => quoteIdentifier(knownColumn(name, types));
  const columns = [...types].map(([name, type]) => `${quoteIdentifier(name)} ${formatType(type)}`);
  const clauses = [
    `CREATE TABLE ${table.ifNotExists ? 'IF NOT EXISTS ' : ''}${table.name} (${columns.join(', ')})`,
    `ENGINE = ${table.engine}(${engineArguments(table, known)})`,
    ...(mergeTree ? mergeTreeClauses(table, known, types) : []),
    ...(table.comment === undefined ? [] : [`COMMENT ${stringLiteral(table.comment)}`]),
  ];
  return clauses.join('\n');
}

function knownColumn(name: string, types: ReadonlyMap<string, unknown>): string {
  if (types.has(name)) return name;
  throw new BizError('BIZ_CLICKHOUSE_COLUMN_UNKNOWN', `The new table has no column "${name}".`, {
    hint: `It has: ${[...types.keys()].join(', ')}.`,
  });
}

type Quote = (name: string) => string;

function engineArguments({ engine, versionColumn }: NewTable, known: Quote): string {
  if (versionColumn === undefined) return '';
  if (engine.endsWith('ReplacingMergeTree')) return known(versionColumn);
  throw new BizError('BIZ_CLICKHOUSE_KEY_UNKNOWN', `${engine} has no version column.`, {
    hint: 'Leave it empty, or choose ReplacingMergeTree.',
  });
}

function mergeTreeClauses(
  table: NewTable,
  known: Quote,
  types: ReadonlyMap<string, ReturnType<typeof parseType>>,
): string[] {
  const clauses: string[] = [];
  if (table.partitionBy !== 'none') {
    const column = known(table.partitionColumn ?? '');
    clauses.push(
      `PARTITION BY ${table.partitionBy === 'value' ? column : `${PARTITION_FUNCTIONS[table.partitionBy]}(${column})`}`,
    );
  }
  const nullable = table.orderBy.find(
    (name) => innerType(types.get(name) ?? { name: '', args: [] }).nullable,
  );
  if (nullable !== undefined) {
    throw new BizError('BIZ_CLICKHOUSE_KEY_UNKNOWN', `The key column "${nullable}" must not be Nullable.`, {
      hint: 'Give it a type without Nullable, and a value in every row.',
    });
  }
  if (table.engine.endsWith('ReplacingMergeTree') && table.orderBy.length === 0) {
    throw new BizError(
      'BIZ_CLICKHOUSE_KEY_UNKNOWN',
      `${table.engine} needs "Sorting key": rows with the same key replace each other.`,
    );
  }
  clauses.push(`ORDER BY (${table.orderBy.map(known).join(', ')})`);
  if (table.ttlDays !== undefined) {
    clauses.push(`TTL toDateTime(${known(table.ttlColumn ?? '')}) + toIntervalDay(${table.ttlDays})`);
  }
  if (table.deduplicationWindow > 0 && !table.engine.startsWith('Replicated')) {
    clauses.push(`SETTINGS non_replicated_deduplication_window = ${table.deduplicationWindow}`);
  }
  return clauses;
}

/** Comments take no parameters. */
function stringLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
