import { BizError, type Condition, conditionList, SQL_COMPARISONS } from '@bizstack/piece-common';
import { quoteIdentifier } from './identifiers';
import { type Column, type Table, columnOf } from './schema';
import { bindColumnValue, type Parameters } from './values';

/**
 * A WHERE clause in which all conditions hold; `parameters` grows by their values.
 * @throws BizError `BIZ_CLICKHOUSE_COLUMN_UNKNOWN`, `BIZ_CLICKHOUSE_CONDITION_INVALID`, `BIZ_CLICKHOUSE_VALUE_INVALID`
 */
export function whereClause(table: Table, conditions: readonly Condition[], parameters: Parameters): string {
  if (conditions.length === 0) return 'WHERE true';
  const parts = conditions.map((condition) =>
    conditionSql(columnOf(table, condition.column), condition, parameters),
  );
  return `WHERE ${parts.join(' AND ')}`;
}

function conditionSql(column: Column, { operator, value }: Condition, parameters: Parameters): string {
  const name = quoteIdentifier(column.name);
  switch (operator) {
    case 'is_null':
      return `isNull(${name})`;
    case 'is_not_null':
      return `isNotNull(${name})`;
    case 'contains':
      // position has no wildcards, so the text needs no escaping.
      return `position(toString(${name}), ${parameters.bind('String', String(present(column, value)))}) > 0`;
    case 'one_of': {
      const list = conditionList(Array.isArray(value) ? value : present(column, value)).map((one) =>
        bindColumnValue(column, one, parameters),
      );
      return list.length > 0 ? `${name} IN (${list.join(', ')})` : 'false';
    }
    default:
      return `${name} ${SQL_COMPARISONS[operator]} ${bindColumnValue(column, present(column, value), parameters)}`;
  }
}

/** An expression that found nothing must not become "all rows" or "no rows" silently. */
function present(column: Column, value: unknown): unknown {
  if (value !== undefined && value !== null && (value !== '' || /String/.test(column.type))) return value;
  throw new BizError(
    'BIZ_CLICKHOUSE_CONDITION_INVALID',
    `The condition on "${column.name}" has no value to compare with.`,
    { hint: 'Give a value, or use "is empty".' },
  );
}
