import type { LeadCaptured } from '@bizstack/contracts';

type FieldValue = string | number | boolean;

const ATTRIBUTES = 'attributes.';

/**
 * Reads `email` or `attributes.<name>` of a lead. Null, blank and missing are all undefined.
 * Attribute names match whatever their writing: `Total Visits`, `total_visits` and `totalVisits` are one.
 */
export function readField(lead: LeadCaptured, field: string): FieldValue | undefined {
  const value: unknown = field.startsWith(ATTRIBUTES)
    ? attribute(lead, field.slice(ATTRIBUTES.length))
    : Object.entries(lead).find(([key]) => key === field)?.[1];
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  return undefined;
}

/** The field as a number; a string counts when all of it is a number. */
export function readNumber(lead: LeadCaptured, field: string): number | undefined {
  const value = readField(lead, field);
  if (value === undefined || typeof value === 'boolean') return undefined;
  const parsed = typeof value === 'number' ? value : Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** Lower case with spaces, `_` and `-` left out: what two spellings of one name have in common. */
export function normalise(text: string): string {
  return text.toLowerCase().replace(/[\s_-]+/g, '');
}

function attribute(lead: LeadCaptured, name: string): unknown {
  const wanted = normalise(name);
  return Object.entries(lead.attributes).find(([key]) => normalise(key) === wanted)?.[1];
}
