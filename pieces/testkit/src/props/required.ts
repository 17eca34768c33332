import type { InputPropertyMap } from '@activepieces/pieces-framework';
import { z } from 'zod';

/**
 * What the server checks before a step counts as valid: required props are there, and not empty. Values may still
 * be expressions, so their types are checked only when the step runs.
 */
export function piecePropertySchema(props: InputPropertyMap, needsAuth: boolean): z.ZodType {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, property] of Object.entries(props)) {
    if (property.required) shape[name] = present;
  }
  if (needsAuth) shape['auth'] = present;
  return z.looseObject(shape);
}

const present = z.unknown().refine((value) => value !== undefined && value !== null && value !== '', {
  message: 'is required',
});
