import { type InputPropertyMap, Property } from '@activepieces/pieces-framework';
import { BizError } from '@bizstack/piece-common';
import { z } from 'zod';

/** What a field of the form asks: equal to one of these, from, to, has these words. */
const OPERATORS = ['is', 'from', 'to', 'words'] as const;
type Operator = (typeof OPERATORS)[number];

const RANGES = new Set(['integer', 'float', 'datetime']);

/** Fields of a form to filter by, one or two for each payload field that has an index. */
export function filterForm(schema: Readonly<Record<string, { data_type: string }>>): InputPropertyMap {
  const fields = Object.entries(schema).flatMap(([name, { data_type: type }]) => formFields(name, type));
  return Object.fromEntries(fields);
}

function formFields(name: string, type: string): [string, InputPropertyMap[string]][] {
  const base = { required: false as const };
  if (type === 'datetime') {
    return [
      [
        keyOf('from', name),
        Property.DateTime({ ...base, displayName: `${name} from`, description: 'Not before.' }),
      ],
      [
        keyOf('to', name),
        Property.DateTime({ ...base, displayName: `${name} to`, description: 'Not after.' }),
      ],
    ];
  }
  if (RANGES.has(type)) {
    return [
      [
        keyOf('from', name),
        Property.Number({ ...base, displayName: `${name} from`, description: 'At least.' }),
      ],
      [keyOf('to', name), Property.Number({ ...base, displayName: `${name} to`, description: 'At most.' })],
    ];
  }
  if (type === 'bool') {
    const options = ['true', 'false'].map((value) => ({ label: value, value }));
    const field = Property.StaticDropdown({
      ...base,
      displayName: name,
      description: 'Any when empty.',
      options: { options },
    });
    return [[keyOf('is', name), field]];
  }
  if (type === 'text') {
    const field = Property.ShortText({ ...base, displayName: name, description: 'Has all of these words.' });
    return [[keyOf('words', name), field]];
  }
  if (type === 'keyword' || type === 'uuid') {
    const field = Property.Array({ ...base, displayName: name, description: 'Is one of these.' });
    return [[keyOf('is', name), field]];
  }
  // Places need more than a form field; the filter below takes them.
  return [];
}

const textSchema = z.union([z.string(), z.number(), z.boolean()]);
const valueSchema = z.union([textSchema, z.array(textSchema)]).nullish();

/**
 * The conditions of a filled-in form; fields left empty ask nothing.
 * @throws BizError `BIZ_INPUT_INVALID` naming the field.
 */
export function readFilterForm(
  form: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown>[] {
  const ranges = new Map<string, Record<string, string | number>>();
  const conditions: Record<string, unknown>[] = [];
  for (const [key, raw] of Object.entries(form ?? {})) {
    const field = parseKey(key);
    const value = valueSchema.safeParse(raw);
    if (!field || !value.success) {
      throw new BizError(
        'BIZ_INPUT_INVALID',
        `"Filter Fields" has a value for "${field?.name ?? key}" that is not understood.`,
      );
    }
    const values = [value.data ?? []].flat().filter((each) => each !== '');
    const [first] = values;
    if (first === undefined) continue;
    const { operator, name } = field;
    if (operator === 'is') conditions.push({ key: name, match: matchOf(values) });
    else if (operator === 'words') conditions.push({ key: name, match: { text: String(first) } });
    else ranges.set(name, { ...ranges.get(name), [operator === 'from' ? 'gte' : 'lte']: boundOf(first) });
  }
  return [...conditions, ...[...ranges].map(([key, range]) => ({ key, range }))];
}

function matchOf(values: readonly (string | number | boolean)[]): Record<string, unknown> {
  const [first] = values;
  if (values.length > 1) return { any: values };
  return { value: first === 'true' ? true : first === 'false' ? false : first };
}

/** Numbers come as text where an expression filled the field; anything else is a time. */
function boundOf(value: string | number | boolean): string | number {
  if (typeof value === 'number') return value;
  const text = String(value).trim();
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Dots and brackets would be read as paths by the form of the builder. */
function keyOf(operator: Operator, name: string): string {
  return `${operator}_${encodeURIComponent(name).replaceAll('.', '%2E')}`;
}

function parseKey(key: string): { operator: Operator; name: string } | undefined {
  const at = key.indexOf('_');
  const operator = OPERATORS.find((each) => each === key.slice(0, at));
  if (!operator) return undefined;
  try {
    return { operator, name: decodeURIComponent(key.slice(at + 1)) };
  } catch {
    return undefined;
  }
}
