import { ApplicationFailure } from '@temporalio/workflow';
import { z } from 'zod';
import { inputProblems } from '../client/problems';

// The sandbox has no eval, which zod would try to compile its parsers with.
z.config({ jitless: true });

/** @throws ApplicationFailure `BIZ_INPUT_INVALID`, never retried, naming each field that is wrong */
export function parseInput<S extends z.ZodType>(what: string, schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw refuse('BIZ_INPUT_INVALID', `${what}: ${inputProblems(result.error)}.`, {
    fields: result.error.issues.map(({ path }) => path.join('.')),
  });
}

/** A failure with a code that is never retried. */
export function refuse(code: string, message: string, ...details: unknown[]): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message, nonRetryable: true, details });
}
