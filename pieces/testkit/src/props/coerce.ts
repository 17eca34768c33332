import { PropertyType } from '@activepieces/pieces-framework';
import { isList, isPlainObject, parseJson, toText } from '../values';
import { toFile } from './files';

type Coercion = (value: unknown) => unknown;

const text: Coercion = (value) => (value === null || value === undefined ? value : toText(value));

const number: Coercion = (value) => {
  if (value === null || value === undefined) return value;
  return value === '' ? undefined : Number(value);
};

const checkbox: Coercion = (value) => {
  if (typeof value !== 'string') return value;
  const lower = value.toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : value;
};

/** A string that is not JSON stays a string: bodies in XML or plain text go through JSON props. */
const json: Coercion = (value) => {
  if (typeof value !== 'string') return value;
  return parseJson(value) ?? value;
};

const object: Coercion = (value) => {
  if (value === null || value === undefined) return value;
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  return isPlainObject(parsed) ? parsed : undefined;
};

const array: Coercion = (value) => {
  if (typeof value !== 'string') return value;
  const parsed = parseJson(value);
  return isList(parsed) ? parsed : value;
};

const multiSelect: Coercion = (value) => {
  if (value === null || value === undefined || isList(value)) return value;
  if (typeof value === 'string' && value.trim() === '') return undefined;
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  return isList(parsed) ? parsed : [value];
};

/** A date without a zone is UTC; the piece gets ISO 8601 in UTC. */
const dateTime: Coercion = (value) => {
  if (value === null || value === undefined || value === '') return undefined;
  const zoneless =
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/.test(value.trim());
  const date = zoneless
    ? new Date(`${value.trim().replace(' ', 'T')}${value.trim().length > 10 ? 'Z' : ''}`)
    : new Date(value instanceof Date || typeof value === 'number' ? value : toText(value));
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** One entry for each property type whose value the engine converts. */
const COERCIONS: Partial<Record<PropertyType, Coercion>> = {
  [PropertyType.SHORT_TEXT]: text,
  [PropertyType.LONG_TEXT]: text,
  [PropertyType.SECRET_TEXT]: text,
  [PropertyType.NUMBER]: number,
  [PropertyType.CHECKBOX]: checkbox,
  [PropertyType.JSON]: json,
  [PropertyType.OBJECT]: object,
  [PropertyType.ARRAY]: array,
  [PropertyType.MULTI_SELECT_DROPDOWN]: multiSelect,
  [PropertyType.STATIC_MULTI_SELECT_DROPDOWN]: multiSelect,
  [PropertyType.DATE_TIME]: dateTime,
  [PropertyType.FILE]: toFile,
};

/** The value that a piece sees for what the flow resolved to. */
export async function coerce(type: PropertyType, value: unknown): Promise<unknown> {
  const coercion = COERCIONS[type];
  return coercion === undefined ? value : await coercion(value);
}
