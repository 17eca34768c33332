import type { z } from 'zod';

/** Each field that is wrong, with what is wrong about it. */
export function inputProblems(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}
