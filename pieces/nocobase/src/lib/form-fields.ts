import { type InputPropertyMap, Property } from '@activepieces/pieces-framework';
import { z } from 'zod';
import { type Collection, type Field, fieldTitle } from './collections';

const NUMBERS = new Set(['integer', 'bigInt', 'float', 'double', 'decimal', 'real']);
const LONG_TEXTS = new Set(['textarea', 'markdown', 'richText', 'vditor']);
/** Written by NocoBase itself. */
const READ_ONLY = new Set([
  'id',
  'createdAt',
  'updatedAt',
  'createdBy',
  'updatedBy',
  'formula',
  'sequence',
  'snowflakeId',
]);

const optionSchema = z.union([
  z.looseObject({ value: z.union([z.string(), z.number()]), label: z.unknown().optional() }),
  z.union([z.string(), z.number()]).transform((value) => ({ value, label: value })),
]);

/** A form for the fields of a collection that a flow can fill. */
export function formFields({ fields, key }: Collection): InputPropertyMap {
  const shown = fields.filter(
    (field) =>
      field.interface &&
      !field.hidden &&
      !field.target &&
      field.name !== key &&
      !READ_ONLY.has(field.interface) &&
      !READ_ONLY.has(field.name),
  );
  return Object.fromEntries(shown.map((field) => [field.name, formField(field)]));
}

function formField(field: Field): InputPropertyMap[string] {
  const base = { displayName: fieldTitle(field), description: field.name, required: false };
  const options = (field.uiSchema?.enum ?? []).flatMap((option) => {
    const parsed = optionSchema.safeParse(option);
    return parsed.success ? [parsed.data] : [];
  });
  if (field.type === 'boolean') return Property.Checkbox(base);
  if (options.length > 0) {
    const choices = {
      options: options.map(({ value, label }) => ({ label: labelText(label, value), value })),
    };
    return field.interface === 'multipleSelect' || field.interface === 'checkboxGroup'
      ? Property.StaticMultiSelectDropdown({ ...base, options: choices })
      : Property.StaticDropdown({ ...base, options: choices });
  }
  if (NUMBERS.has(field.type)) return Property.Number(base);
  if (field.type === 'json' || field.type === 'jsonb') return Property.Json(base);
  if (field.type === 'array' || field.type === 'set') return Property.Array(base);
  if (/^date/i.test(field.type)) return Property.DateTime(base);
  if (field.type === 'text' || LONG_TEXTS.has(field.interface ?? '')) return Property.LongText(base);
  return Property.ShortText(base);
}

function labelText(label: unknown, value: string | number): string {
  return typeof label === 'string' && label !== '' ? label : String(value);
}
