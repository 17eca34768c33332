import { BizError } from '@bizstack/piece-common';
import type { Column } from './schema';

/**
 * A value as the driver must be given it for a column. For `json` and `jsonb`, objects and lists are written
 * as JSON (the driver would make a PostgreSQL array of a list), and text is taken as JSON where it is an
 * object, a list or a quoted string, and as a string otherwise. Empty text in a column that is not text means
 * no value: that is what an expression that finds nothing gives.
 * @throws BizError `BIZ_POSTGRES_VALUE_INVALID` for an object in a column that cannot hold one.
 */
export function toParameter(value: unknown, column: Column): unknown {
  if (value === undefined || value === null) return null;
  if (value === '' && NOT_TEXT.test(column.type)) return null;
  if (/^jsonb?$/.test(column.type)) return toJson(value);
  if (column.type.endsWith('[]') && Array.isArray(value)) {
    return column.type.startsWith('json') ? value.map(toJson) : value;
  }
  if (typeof value === 'object' && !(value instanceof Date) && !Buffer.isBuffer(value)) {
    if (/^(text|character)\b/.test(column.type)) return JSON.stringify(value);
    throw new BizError(
      'BIZ_POSTGRES_VALUE_INVALID',
      `Column "${column.name}" (${column.type}) cannot hold ${Array.isArray(value) ? 'a list' : 'an object'}.`,
      { hint: 'Give a single value, or make the column jsonb.' },
    );
  }
  return value;
}

const NOT_TEXT =
  /^(smallint|integer|bigint|numeric|real|double precision|money|date|time|timestamp|interval|boolean|uuid|inet|cidr|jsonb?)\b/;

function toJson(value: unknown): string {
  if (typeof value !== 'string' || !/^\s*[[{"]/.test(value)) return JSON.stringify(value);
  try {
    JSON.parse(value);
    return value;
  } catch {
    return JSON.stringify(value);
  }
}
