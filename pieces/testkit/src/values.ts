import { ApFile, type InputPropertyMap } from '@activepieces/pieces-framework';

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ApFile);
}

/** `Array.isArray` makes a list of `any`; this one makes a list of `unknown`. */
export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

/** Undefined for what is not JSON. */
export function parseJson(value: string): unknown {
  try {
    const parsed: unknown = JSON.parse(value);
    return parsed;
  } catch {
    return undefined;
  }
}

/** A text stays, a number or boolean is written out, anything else becomes JSON. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return JSON.stringify(value) ?? '';
}

/** The props of an action or a trigger of any piece, which the framework types as `any`. */
export function definitionsOf({ props }: { readonly props: InputPropertyMap }): InputPropertyMap {
  return props;
}
