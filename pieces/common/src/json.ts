import { z } from 'zod';
import { BizError } from './errors';

/** Anything that JSON can say. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export const jsonSchema: z.ZodType<Json> = z.json();

/** An object with string keys, as a JSON property gives it. */
export const jsonObjectSchema = z.record(z.string(), z.unknown());

/**
 * The value of a JSON property. A flow gives an object where an expression filled it, and text where a
 * person typed it; both are accepted. Empty text counts as not given.
 * @param name what the reader sees, for example `Rows`.
 * @throws BizError `BIZ_INPUT_INVALID` naming the place in the value and what was expected there.
 */
export function parseJsonProp<T>(name: string, value: unknown, schema: z.ZodType<T>): T {
  return parseInput(name, typeof value === 'string' ? parseText(name, value) : value, schema);
}

function parseText(name: string, text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BizError('BIZ_INPUT_INVALID', `"${name}" is not valid JSON.`, {
      hint: 'Check quotes, commas and brackets; text needs double quotes.',
      cause,
    });
  }
}

/**
 * Checks any value from outside.
 * @throws BizError `BIZ_INPUT_INVALID`; the message shows the first five problems, never the value.
 */
export function parseInput<T>(name: string, value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const shown = issues.slice(0, 5).map((issue) => `${place(issue.path)}${issue.message}`);
  const more = issues.length > shown.length ? `; ${issues.length - shown.length} more` : '';
  throw new BizError('BIZ_INPUT_INVALID', `"${name}" is not as expected: ${shown.join('; ')}${more}.`, {
    cause: result.error,
  });
}

function place(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '';
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return `${text.replace(/^\./, '')}: `;
}
