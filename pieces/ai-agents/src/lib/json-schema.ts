import { BizError, messageOf } from '@bizstack/piece-common';
import { z } from 'zod';

/**
 * A check by a JSON schema of an object that somebody wrote.
 * @throws BizError `BIZ_INPUT_INVALID` when it is no object's schema, or uses what cannot be checked.
 */
export function schemaFromJson(
  name: string,
  schema: Record<string, unknown>,
): z.ZodType<Record<string, unknown>> {
  if (schema['type'] !== 'object') {
    throw new BizError('BIZ_INPUT_INVALID', `"${name}" is not the schema of an object.`, {
      hint: 'Start with {"type": "object", "properties": {…}}; put a list into a property.',
    });
  }
  try {
    return z.fromJSONSchema(schema).pipe(z.record(z.string(), z.unknown()));
  } catch (cause) {
    throw new BizError('BIZ_INPUT_INVALID', `"${name}" cannot be used: ${messageOf(cause)}`, {
      hint: 'Use type, properties, required, items, enum and formats.',
      cause,
    });
  }
}

/** The fields of such a schema as a tool's input. @throws BizError `BIZ_INPUT_INVALID` */
export function inputFromJson(name: string, schema: Record<string, unknown>): z.ZodObject {
  schemaFromJson(name, schema);
  const read = z.fromJSONSchema(schema);
  if (read instanceof z.ZodObject) return read;
  throw new BizError('BIZ_INPUT_INVALID', `"${name}" must be a plain object schema.`, {
    hint: 'Leave out allOf, anyOf and oneOf at its top.',
  });
}
