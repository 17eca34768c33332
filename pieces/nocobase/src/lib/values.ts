import { BizError, jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import type { Collection, Field } from './collections';

/** Fields that every collection may have without listing them. */
const SYSTEM_FIELDS = [
  'id',
  'sort',
  'createdAt',
  'updatedAt',
  'createdById',
  'updatedById',
  'createdBy',
  'updatedBy',
];
const NUMBERS = new Set(['integer', 'bigInt', 'float', 'double', 'decimal', 'real']);

/**
 * The values of a record: the form's, with those of the JSON input over them. Fields of the form that were
 * left empty are not sent, so that an update does not erase them.
 * @throws BizError `BIZ_INPUT_INVALID` when there are none.
 */
export function readValues(form: unknown, json: unknown): Record<string, unknown> {
  const fromForm = Object.entries(parseJsonProp('Values', form ?? {}, jsonObjectSchema)).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  const fromJson = parseJsonProp('More Values', json ?? {}, jsonObjectSchema.optional()) ?? {};
  const values = { ...Object.fromEntries(fromForm), ...fromJson };
  if (Object.keys(values).length === 0) {
    throw new BizError('BIZ_INPUT_INVALID', 'No values are given.', { hint: 'Fill in at least one field.' });
  }
  return values;
}

/**
 * Checks values against the collection, because NocoBase drops unknown fields and turns a text in a number
 * field into nothing, without a word.
 * @throws BizError `BIZ_INPUT_INVALID` naming every field that is wrong.
 */
export function checkValues(values: Record<string, unknown>, collection: Collection | undefined): void {
  if (!collection) return;
  const { fields } = collection;
  const known = new Map<string, Field | undefined>([
    ...SYSTEM_FIELDS.map((name) => [name, undefined] as const),
    [collection.key, undefined],
    ...fields.flatMap(({ foreignKey }) => (foreignKey ? [[foreignKey, undefined] as const] : [])),
    ...fields.map((field) => [field.name, field] as const),
  ]);
  const unknown = Object.keys(values).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new BizError(
      'BIZ_INPUT_INVALID',
      `The collection "${collection.name}" has no field ${quoted(unknown)}.`,
      {
        hint: `It has: ${fields.map(({ name }) => name).join(', ')}.`,
      },
    );
  }
  const wrong = Object.keys(values).filter((name) => isWrongNumber(known.get(name), values[name]));
  if (wrong.length > 0) {
    throw new BizError('BIZ_INPUT_INVALID', `No number is given for the number field ${quoted(wrong)}.`);
  }
}

function isWrongNumber(field: Field | undefined, value: unknown): boolean {
  if (!field || !NUMBERS.has(field.type) || value === null || value === '') return false;
  return typeof value === 'string' ? !Number.isFinite(Number(value)) : !Number.isFinite(value);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
