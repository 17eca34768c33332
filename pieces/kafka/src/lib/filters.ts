import { BizError } from '@bizstack/piece-common';
import { z } from 'zod';
import type { FlowMessage } from './messages';

export const FILTER_SOURCES = ['key', 'header', 'value'] as const;
export const FILTER_OPERATORS = [
  'equals',
  'not_equals',
  'contains',
  'starts_with',
  'greater_than',
  'less_than',
  'one_of',
  'exists',
  'not_exists',
] as const;

export const filterSchema = z.object({
  source: z.enum(FILTER_SOURCES),
  /** Header name, or path in the value. */
  path: z
    .string()
    .nullish()
    .transform((path) => path?.trim() ?? ''),
  operator: z.enum(FILTER_OPERATORS),
  value: z
    .unknown()
    .transform((value) =>
      value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value),
    ),
});

export const filtersSchema = z
  .array(filterSchema)
  .nullish()
  .transform((filters) => filters ?? []);

export type Filter = z.output<typeof filterSchema>;

/**
 * Splits a JSON path: `data.items[0].id`, with an optional `$.` in front; names with other characters in
 * brackets and quotes: `data['first name']`.
 * @throws BizError `BIZ_KAFKA_FILTER_INVALID`
 */
export function parsePath(path: string): (string | number)[] {
  const parts: (string | number)[] = [];
  const step = /(?:^|\.)([^.[\]'"]+)|\[(\d+)\]|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/gy;
  const body = path.replace(/^\$(?=[.[]|$)\.?/, '');
  let at = 0;
  while (at < body.length) {
    step.lastIndex = at;
    const match = step.exec(body);
    if (!match) {
      throw new BizError(
        'BIZ_KAFKA_FILTER_INVALID',
        `The path "${path}" cannot be read at "${body.slice(at)}".`,
        {
          hint: "Write it like data.items[0].id or data['first name'].",
        },
      );
    }
    const [all, name, index, single, double] = match;
    parts.push(
      index === undefined ? (name ?? (single ?? double ?? '').replaceAll(/\\(.)/g, '$1')) : Number(index),
    );
    at += all.length;
  }
  return parts;
}

/** The value at a path, or undefined. Only own properties count. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

/**
 * A test for messages; all filters must hold.
 * @throws BizError `BIZ_KAFKA_FILTER_INVALID` for a path that cannot be read or a header without name.
 */
export function compileFilters(filters: readonly Filter[]): (message: FlowMessage) => boolean {
  const tests = filters.map((filter) => {
    const read = reader(filter);
    return (message: FlowMessage) => holds(read(message), filter);
  });
  return (message) => tests.every((test) => test(message));
}

function reader({ source, path }: Filter): (message: FlowMessage) => unknown {
  if (source === 'key') return ({ key }) => key ?? undefined;
  if (source === 'header') {
    if (path === '') {
      throw new BizError(
        'BIZ_KAFKA_FILTER_INVALID',
        'A filter on a header needs the name of the header as its path.',
      );
    }
    return ({ headers }) => (Object.hasOwn(headers, path) ? headers[path] : undefined);
  }
  const parts = parsePath(path);
  return ({ value }) => valueAt(value, parts);
}

function holds(found: unknown, { operator, value }: Filter): boolean {
  // Repeated headers: one of them is enough; a negation must hold for all.
  if (Array.isArray(found) && operator !== 'exists' && operator !== 'not_exists' && operator !== 'contains') {
    return operator === 'not_equals'
      ? found.every((one) => holds(one, { source: 'value', path: '', operator, value }))
      : found.some((one) => holds(one, { source: 'value', path: '', operator, value }));
  }
  switch (operator) {
    case 'exists':
      return found !== undefined && found !== null;
    case 'not_exists':
      return found === undefined || found === null;
    case 'equals':
      return found !== undefined && textOf(found) === value;
    case 'not_equals':
      return found === undefined || textOf(found) !== value;
    case 'contains':
      return Array.isArray(found)
        ? found.some((one) => textOf(one) === value)
        : found !== undefined && found !== null && textOf(found).includes(value);
    case 'starts_with':
      return found !== undefined && found !== null && textOf(found).startsWith(value);
    case 'one_of':
      return (
        found !== undefined &&
        value
          .split(',')
          .map((one) => one.trim())
          .includes(textOf(found))
      );
    case 'greater_than':
      return compare(found, value) > 0;
    case 'less_than':
      return compare(found, value) < 0;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Numbers as numbers, everything else (ISO dates) as text. NaN, hence false, where there is nothing to compare. */
function compare(found: unknown, value: string): number {
  if (found === undefined || found === null || found === '' || value === '') return Number.NaN;
  const [a, b] = [Number(found), Number(value)];
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  const text = textOf(found);
  return text < value ? -1 : text > value ? 1 : 0;
}
