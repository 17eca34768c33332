import { BizError, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';

/** A value as JSON can say it: dates as ISO 8601, bytes as base64, big integers as text, nothing as null. */
export function toJson(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object')
    return typeof value === 'function' || typeof value === 'symbol' ? null : value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, toJson(inner)]),
  );
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(ms|msecs?|milliseconds?)$/, 'ms'],
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
  [/^(w|weeks?)$/, 'w'],
];

/**
 * Milliseconds of a duration: `30s`, `10 minutes`, `1h 30m`, `7d`; a bare number is seconds.
 * @throws BizError `BIZ_TEMPORAL_DURATION_INVALID`
 */
export function parseDuration(name: string, value: string | number): number {
  const text = String(value).trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  let total = 0;
  let rest = text;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)[\s,]*/.exec(rest);
    const unit = WORDS.find(([pattern]) => pattern.test(match?.[2] ?? ''))?.[1];
    if (!match || unit === undefined) throw badDuration(name, text);
    total += Number(match[1]) * (UNITS[unit] ?? 0);
    rest = rest.slice(match[0].length);
  }
  if (text === '' || !Number.isFinite(total)) throw badDuration(name, text);
  return Math.round(total);
}

function badDuration(name: string, text: string): BizError {
  return new BizError('BIZ_TEMPORAL_DURATION_INVALID', `"${name}" is not a duration: ${text.slice(0, 40)}.`, {
    hint: 'Write 30s, 10m, 2h, 7d, or a number of seconds.',
  });
}

const durationSchema = z.union([z.string(), z.number()]).nullish();

/** Like {@link parseDuration}; undefined when nothing was given. @throws BizError */
export function optionalDuration(name: string, value: unknown): number | undefined {
  const given = parseInput(name, value, durationSchema);
  if (given === undefined || given === null || (typeof given === 'string' && given.trim() === ''))
    return undefined;
  return parseDuration(name, given);
}

// Made once: a schema costs far more than its use.
const numberSchema = z.coerce.number();
const textSchema = z.union([z.string(), z.number().transform(String)]).nullish();
const dateSchema = z.union([z.string(), z.number()]);

/** Seconds within bounds, or the default. @throws BizError `BIZ_INPUT_INVALID` */
export function seconds(
  name: string,
  value: unknown,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  if (value === undefined || value === null || value === '') return fallback;
  const given = parseInput(name, value, numberSchema);
  if (given >= min && given <= max) return given;
  throw new BizError('BIZ_INPUT_INVALID', `"${name}" is not between ${min} and ${max}.`);
}

/** A whole number within bounds, or the default. @throws BizError `BIZ_INPUT_INVALID` */
export function count(
  name: string,
  value: unknown,
  { min = 1, max, fallback }: { min?: number; max: number; fallback: number },
): number {
  const given = seconds(name, value, { min, max, fallback });
  if (Number.isInteger(given)) return given;
  throw new BizError('BIZ_INPUT_INVALID', `"${name}" is not a whole number.`);
}

/** Text that may be missing; blanks count as missing. @throws BizError */
export function optionalText(name: string, value: unknown): string | undefined {
  return parseInput(name, value, textSchema)?.trim() || undefined;
}

/** Text that must be there. @throws BizError `BIZ_INPUT_INVALID` */
export function requiredText(name: string, value: unknown): string {
  const text = optionalText(name, value);
  if (text !== undefined) return text;
  throw new BizError('BIZ_INPUT_INVALID', `"${name}" is missing.`, {
    hint: 'Choose or write a value; an expression that finds nothing gives an empty one.',
  });
}

/** A point in time, ISO 8601 or milliseconds since 1970. @throws BizError */
export function optionalDate(name: string, value: unknown): Date | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const given = parseInput(name, value, dateSchema);
  const date = new Date(typeof given === 'string' && /^\d{12,}$/.test(given) ? Number(given) : given);
  if (!Number.isNaN(date.getTime())) return date;
  throw new BizError('BIZ_INPUT_INVALID', `"${name}" is not a date.`, {
    hint: 'Write it as 2026-01-31T10:00:00Z.',
  });
}

const argumentsSchema = z.unknown();
const fieldsSchema = z.record(z.string(), z.unknown()).nullish();

/**
 * The arguments of a workflow, signal, query or update. A JSON list is the list of arguments, any other
 * value is the only one; filled-in fields make an object that is the only one.
 * @throws BizError `BIZ_INPUT_INVALID` when both are given.
 */
export function parseArguments(name: string, value: unknown, fields?: unknown): unknown[] {
  const object = parseJsonProp(`${name} (fields)`, fields, fieldsSchema) ?? {};
  const given = isJsonText(value) ? parseJsonProp(name, value, argumentsSchema) : value;
  const list =
    given === undefined || given === null || given === '' ? [] : Array.isArray(given) ? given : [given];
  if (Object.keys(object).length === 0) return list;
  if (list.length === 0) return [object];
  throw new BizError('BIZ_INPUT_INVALID', `"${name}" is given twice: as JSON and as fields.`, {
    hint: 'Leave one of them empty.',
  });
}

const JSON_TEXT = /^\s*([[{"]|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)\s*$)/;

/** A person may write plain text where JSON is expected; it is an argument as well. */
function isJsonText(value: unknown): boolean {
  return typeof value === 'string' && JSON_TEXT.test(value);
}
