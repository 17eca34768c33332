import { Property } from '@activepieces/pieces-framework';
import { parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';

export const parametersProp = Property.Json({
  displayName: 'Parameters',
  description: 'A list of values for $1, $2, … in the SQL. Never paste values into the SQL itself.',
  required: false,
  defaultValue: [],
});

const parametersSchema = z
  .array(z.unknown())
  .nullish()
  .transform((list) => (list ?? []).map(bindable));

/** @throws BizError `BIZ_INPUT_INVALID` */
export function parseParameters(value: unknown): unknown[] {
  return parseJsonProp('Parameters', value, parametersSchema);
}

/** Objects are bound as JSON; lists as PostgreSQL arrays unless they hold objects. */
function bindable(value: unknown): unknown {
  const isObject = (one: unknown) => typeof one === 'object' && one !== null;
  if (Array.isArray(value)) return value.some(isObject) ? JSON.stringify(value) : value;
  return isObject(value) ? JSON.stringify(value) : value;
}
