import { BizError, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { readFilterForm } from './filter-form';

/** A filter in Qdrant's own form. */
export type Filter = Record<string, unknown>;

const CLAUSES = new Set(['must', 'should', 'must_not', 'min_should']);
const RANGE = new Set(['gt', 'gte', 'lt', 'lte']);

const scalar = z.union([z.string(), z.int(), z.boolean()]);

/**
 * A filter and the filled-in form beside it; both must hold.
 * @throws BizError `BIZ_INPUT_INVALID`
 */
export function readFilters(input: unknown, form: Record<string, unknown> | undefined): Filter | undefined {
  const filter = readFilter(input);
  const conditions = readFilterForm(form);
  if (conditions.length === 0) return filter;
  return { must: [...conditions, ...(filter ? [filter] : [])] };
}

/**
 * Reads a filter: Qdrant's own (`must`, `should`, `must_not`, `min_should`), or the short form
 * `{"city": "Berlin", "tags": ["a", "b"], "price": {"gte": 10}, "owner": null}`, all of which must hold.
 * @returns undefined for no filter.
 * @throws BizError `BIZ_INPUT_INVALID`
 */
export function readFilter(input: unknown): Filter | undefined {
  if (input === undefined || input === null) return undefined;
  const filter = parseJsonProp('Filter', input, z.record(z.string(), z.unknown()).optional());
  if (filter === undefined || Object.keys(filter).length === 0) return undefined;
  const keys = Object.keys(filter);
  const own = keys.filter((key) => CLAUSES.has(key));
  if (own.length === keys.length) return filter;
  if (own.length > 0) {
    throw new BizError('BIZ_INPUT_INVALID', `"Filter" mixes ${own.join(', ')} with field names.`, {
      hint: 'Use either the full form (must, should, must_not) or fields alone.',
    });
  }
  return { must: Object.entries(filter).map(([key, value]) => condition(key, value)) };
}

function condition(key: string, value: unknown): Record<string, unknown> {
  if (value === null) return { is_empty: { key } };
  // Qdrant matches only 64-bit integers by value; any other number is a range of one.
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    return { key, range: { gte: value, lte: value } };
  if (scalar.safeParse(value).success) return { key, match: { value } };
  if (Array.isArray(value) && isUniform(value)) return { key, match: { any: value } };
  if (isRange(value)) return { key, range: value };
  throw new BizError('BIZ_INPUT_INVALID', `"Filter" has a value for "${key}" that is not understood.`, {
    hint: 'Give text, a number, true/false, null, a list of texts or whole numbers, or {"gte": 1, "lt": 5}.',
  });
}

function isUniform(value: readonly unknown[]): boolean {
  return (
    value.length > 0 &&
    (value.every((each) => typeof each === 'string') || value.every((each) => Number.isSafeInteger(each)))
  );
}

function isRange(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length > 0 &&
    entries.every(([key, each]) => RANGE.has(key) && (typeof each === 'number' || typeof each === 'string'))
  );
}
