import { type InputPropertyMap, PropertyType } from '@activepieces/pieces-framework';
import { BizError } from '../errors';
import { coerce } from './coerce';
import { isList, isPlainObject } from '../values';
import { validateValue } from './validate';

/** Prop name → problems; nested for dynamic props and the items of an array. */
export interface PropErrors {
  [prop: string]: string[] | PropErrors | PropErrors[];
}

/** `propertySettings` of a step: a dynamic prop is coerced only when its schema stands here. */
export type PropertySchemas = Readonly<Record<string, { schema?: unknown }>>;

export interface ProcessedProps {
  values: Record<string, unknown>;
  errors: PropErrors;
}

/**
 * Coerces and validates resolved input by the framework's property types, as the engine does before `run`.
 * A prop that is absent from the input is neither coerced nor reported, and unknown keys are kept.
 */
export async function processProps(
  input: Readonly<Record<string, unknown>>,
  props: InputPropertyMap,
  settings: PropertySchemas = {},
): Promise<ProcessedProps> {
  const values: Record<string, unknown> = { ...input };
  const errors: PropErrors = {};
  for (const [name, original] of Object.entries(input)) {
    const property = Object.hasOwn(props, name) ? props[name] : undefined;
    if (property === undefined) continue;
    let value = original;
    const schema = settings[name]?.schema;
    if (property.type === PropertyType.DYNAMIC && isPropertyMap(schema) && isPlainObject(value)) {
      const nested = await processProps(value, schema);
      value = nested.values;
      if (Object.keys(nested.errors).length > 0) errors[name] = nested.errors;
    }
    if (property.type === PropertyType.ARRAY && property.properties !== undefined) {
      const nested = await processItems(await coerce(property.type, value), property.properties);
      value = nested.items;
      if (nested.errors.some((error) => Object.keys(error).length > 0)) {
        errors[name] = { properties: nested.errors };
      }
    }
    values[name] = await coerce(property.type, value);
    const problems = validateValue(property, values[name], original);
    if (problems.length > 0) errors[name] = problems;
  }
  return { values, errors };
}

/** @throws BizError `BIZ_PIECE_PROPS_INVALID` with the problems by prop name. */
export async function processPropsOrThrow(
  input: Readonly<Record<string, unknown>>,
  props: InputPropertyMap,
  settings?: PropertySchemas,
): Promise<Record<string, unknown>> {
  const { values, errors } = await processProps(input, props, settings);
  if (Object.keys(errors).length > 0) {
    throw new BizError('BIZ_PIECE_PROPS_INVALID', `Invalid props: ${JSON.stringify(errors)}`, {
      details: { errors },
    });
  }
  return values;
}

/** `{ name: ['a', 'b'], value: 1 }` is the inline form of two items that share the value. */
function zip(value: unknown): unknown[] | undefined {
  if (isList(value)) return value;
  if (!isPlainObject(value)) return undefined;
  const columns = Object.entries(value);
  const length = Math.max(0, ...columns.map(([, column]) => (Array.isArray(column) ? column.length : 1)));
  return Array.from({ length }, (_, index) =>
    Object.fromEntries(
      columns.map(([name, column]): [string, unknown] => [
        name,
        Array.isArray(column) ? column[index] : column,
      ]),
    ),
  );
}

async function processItems(
  value: unknown,
  properties: InputPropertyMap,
): Promise<{ items: unknown; errors: PropErrors[] }> {
  const rows = value === null || value === undefined || value === '' ? [] : zip(value);
  if (rows === undefined) return { items: value, errors: [] };
  const items: unknown[] = [];
  const errors: PropErrors[] = [];
  for (const row of rows) {
    const processed = isPlainObject(row) ? await processProps(row, properties) : { values: row, errors: {} };
    items.push(processed.values);
    errors.push(processed.errors);
  }
  return { items, errors };
}

function isPropertyMap(value: unknown): value is InputPropertyMap {
  return (
    isPlainObject(value) &&
    Object.values(value).every((item) => isPlainObject(item) && typeof item['type'] === 'string')
  );
}
