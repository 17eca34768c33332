import type { Field } from '../types';

/** Fields that a machine wrote: nothing was guessed. */
export function stated<T>(value: T | undefined, where: string): Field<T> | undefined {
  return value === undefined ? undefined : { value, confidence: 1, reason: `${where} of the XML.` };
}

/** Leaves out what is absent. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  const result: Partial<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) result[key] = value;
  }
  return result;
}
