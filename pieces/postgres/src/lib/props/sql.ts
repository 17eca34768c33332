import { type InputPropertyMap, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { postgresAuth } from '../auth';
import { type Parameter, parameterNumbers, parametersOf } from '../parameters';

const NUMBER_TYPES = new Set(['smallint', 'integer', 'real', 'double precision']);

/** One field for each $1, $2, … of the SQL above it, of the type that PostgreSQL finds for it. */
export const parametersProp = Property.DynamicProperties<false, typeof postgresAuth>({
  auth: postgresAuth,
  displayName: 'Parameters',
  description: 'Values for $1, $2, … in the SQL. Never paste values into the SQL itself.',
  required: false,
  refreshers: ['sql'],
  props: async ({ auth, sql }): Promise<InputPropertyMap> => {
    if (typeof sql !== 'string') return {};
    const parameters = auth
      ? await parametersOf(auth.props, sql)
      : parameterNumbers(sql).map((number) => ({ number, type: undefined }));
    return Object.fromEntries(
      parameters.map((parameter) => [`p${parameter.number}`, parameterField(parameter)]),
    );
  },
});

function parameterField({ number, type }: Parameter): InputPropertyMap[string] {
  const base = {
    displayName: `$${number}${type === undefined ? '' : ` (${type})`}`,
    description: 'Empty is NULL.',
    required: false,
  };
  if (type === undefined) return Property.ShortText(base);
  if (type === 'boolean') return Property.Checkbox(base);
  // bigint and numeric stay text: a JavaScript number would round them.
  if (NUMBER_TYPES.has(type)) return Property.Number(base);
  if (type === 'json' || type === 'jsonb') return Property.Json(base);
  if (type.endsWith('[]')) return Property.Array(base);
  return type === 'text' ? Property.LongText(base) : Property.ShortText(base);
}

const formSchema = z.record(z.string().regex(/^p[1-9]\d{0,4}$/, 'Not p1, p2, …'), z.unknown());

/**
 * Values for $1, $2, … of a statement, from the form (`{ "p1": …, "p2": … }`) or as a list.
 * @throws BizError `BIZ_INPUT_INVALID`, `BIZ_POSTGRES_PARAMETER_UNKNOWN`
 */
export function parseParameters(sql: string, value: unknown): unknown[] {
  const given = parseInput(
    'Parameters',
    value,
    z.union([z.string(), z.array(z.unknown()), formSchema]).nullish(),
  );
  if (given === null || given === undefined || typeof given === 'string' || Array.isArray(given)) {
    return parseParameterList(given);
  }
  const numbers = parameterNumbers(sql);
  const unused = Object.keys(given).find((key) => !numbers.includes(Number(key.slice(1))));
  if (unused !== undefined) {
    throw new BizError(
      'BIZ_POSTGRES_PARAMETER_UNKNOWN',
      `"Parameters" has a value for $${unused.slice(1)}, which is not in the SQL.`,
      { hint: 'Open the step again: its form follows the SQL.' },
    );
  }
  return Array.from({ length: numbers.at(-1) ?? 0 }, (_, index) => {
    const one = given[`p${index + 1}`];
    return one === undefined || one === '' ? null : bindable(one);
  });
}

const listSchema = z
  .array(z.unknown())
  .nullish()
  .transform((list) => (list ?? []).map(bindable));

/** A list of values for $1, $2, … @throws BizError `BIZ_INPUT_INVALID` */
export function parseParameterList(value: unknown): unknown[] {
  return parseJsonProp('Parameters', value, listSchema);
}

/** Objects are bound as JSON; lists as PostgreSQL arrays unless they hold objects. */
function bindable(value: unknown): unknown {
  const isObject = (one: unknown) => typeof one === 'object' && one !== null;
  if (Array.isArray(value)) return value.some(isObject) ? JSON.stringify(value) : value;
  return isObject(value) ? JSON.stringify(value) : value;
}
