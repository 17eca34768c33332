import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

/** The coded failure with which an update or a workflow ends. */
export async function failureOf(work: Promise<unknown>): Promise<ApplicationFailure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError) {
      if (error.cause instanceof ApplicationFailure) return error.cause;
    }
    throw error;
  }
  throw new Error('It did not fail.');
}
