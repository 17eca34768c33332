import { z } from 'zod';
import { findDates } from './fields/dates';
import type { DocumentFields, FieldName } from './types';

/**
 * Asked for what the rules left open; a language model may stand behind it. `text` is what a stranger wrote: hand it
 * over as quoted data. Answers are checked: dates ISO 8601, amounts numbers, anything else is dropped.
 */
export type ResolveOpenFields = (
  text: string,
  missing: readonly FieldName[],
  signal?: AbortSignal,
) => Promise<Partial<Record<FieldName, unknown>>>;

const textSchema = z.string().trim().min(1).max(300);
const amountSchema = z.coerce.number().finite().nonnegative().max(1e12);
/** A model's word counts less than a rule that found its label. */
const CONFIDENCE = 0.5;

/** What the rules did not find, or only guessed, of the fields that every document of this kind has. */
export function openFields(fields: DocumentFields, wanted: readonly FieldName[]): FieldName[] {
  return wanted.filter((name) => (fields[name]?.confidence ?? 0) < 0.4);
}

function isAmount(name: FieldName): name is 'net' | 'tax' | 'total' {
  return name === 'net' || name === 'tax' || name === 'total';
}

/** Fields with the answers added. Text that does not stand in the document is refused. */
export async function resolveOpenFields(
  fields: DocumentFields,
  text: string,
  {
    wanted,
    resolve,
    signal,
  }: { wanted: readonly FieldName[]; resolve: ResolveOpenFields; signal: AbortSignal | undefined },
): Promise<DocumentFields> {
  const missing = openFields(fields, wanted);
  if (missing.length === 0) return fields;
  const answers = await resolve(text, missing, signal);
  const result: DocumentFields = { ...fields };
  const reason = 'Answered by the resolver for open fields.';
  const flat = text.toLowerCase().replace(/\s+/g, '');
  for (const name of missing) {
    const answer: unknown = answers[name];
    if (isAmount(name)) {
      const amount = answer === null || answer === '' ? undefined : amountSchema.safeParse(answer).data;
      if (amount !== undefined) result[name] = { value: amount, confidence: CONFIDENCE, reason };
      continue;
    }
    const value = textSchema.safeParse(answer).data;
    if (value === undefined) continue;
    if (name === 'date' || name === 'dueDate') {
      const date = /^\d{4}-\d{2}-\d{2}$/.test(value) ? findDates(value)[0]?.value : undefined;
      if (date !== undefined) result[name] = { value: date, confidence: CONFIDENCE, reason };
    } else if (name === 'currency') {
      if (/^[A-Z]{3}$/.test(value)) result.currency = { value, confidence: CONFIDENCE, reason };
    } else if (flat.includes(value.toLowerCase().replace(/\s+/g, ''))) {
      result[name] = { value, confidence: CONFIDENCE, reason };
    }
  }
  return result;
}
