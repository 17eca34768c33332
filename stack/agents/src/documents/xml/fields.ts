import type { Field } from '../types';

/** Fields that a machine wrote: nothing was guessed. */
export function stated<T>(value: T | undefined, where: string): Field<T> | undefined {
  return value === undefined ? undefined : { value, confidence: 1, reason: `${where} of the XML.` };
}

/** Leaves out what is absent. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.assign({}, ...entries.map(([key, value]) => ({ [key]: value })));
}
