import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** Code and message of what an activity threw, below Temporal's own errors. */
export function causeOf(error: unknown): { readonly type: string; readonly message: string } {
  if (error instanceof ActivityFailure && error.cause) return causeOf(error.cause);
  if (error instanceof ApplicationFailure) {
    return { type: error.type ?? 'BIZ_STEP_FAILED', message: error.message };
  }
  return { type: 'BIZ_STEP_FAILED', message: error instanceof Error ? error.message : String(error) };
}
