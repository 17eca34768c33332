import { BizError, type Condition, conditionList, SQL_COMPARISONS } from '@bizstack/piece-common';
import { quoteIdentifier } from './identifiers';
import { type Column, type Table, columnOf } from './schema';
import { toParameter } from './values';

/**
 * A WHERE clause in which all conditions hold; `parameters` grows by their values.
 * @throws BizError `BIZ_POSTGRES_COLUMN_UNKNOWN`, `BIZ_POSTGRES_CONDITION_INVALID`
 */
export function whereClause(table: Table, conditions: readonly Condition[], parameters: unknown[]): string {
  const parts = conditions.map((condition) =>
    conditionSql(columnOf(table, condition.column), condition, parameters),
  );
  return parts.length > 0 ? ` WHERE ${parts.join(' AND ')}` : '';
}

function conditionSql(column: Column, { operator, value }: Condition, parameters: unknown[]): string {
  const name = quoteIdentifier(column.name);
  const bind = (one: unknown) => {
    parameters.push(one);
    return `$${parameters.length}`;
  };
  switch (operator) {
    case 'is_null':
      return `${name} IS NULL`;
    case 'is_not_null':
      return `${name} IS NOT NULL`;
    case 'contains':
      // strpos has no wildcards, so the text needs no escaping.
      return `strpos(${name}::text, ${bind(String(present(column, value)))}::text) > 0`;
    case 'one_of': {
      const list = conditionList(Array.isArray(value) ? value : present(column, value)).map(
        (one) => `${bind(toParameter(one, column))}::${column.type}`,
      );
      return list.length > 0 ? `${name} IN (${list.join(', ')})` : 'FALSE';
    }
    default:
      return `${name} ${SQL_COMPARISONS[operator]} ${bind(toParameter(present(column, value), column))}::${column.type}`;
  }
}

/** An expression that found nothing must not become "all rows" or "no rows" silently. */
function present(column: Column, value: unknown): unknown {
  if (value !== undefined && value !== null && (value !== '' || /^(text|character|citext)/.test(column.type)))
    return value;
  throw new BizError(
    'BIZ_POSTGRES_CONDITION_INVALID',
    `The condition on "${column.name}" has no value to compare with.`,
    {
      hint: 'Give a value, or use "is empty".',
    },
  );
}
