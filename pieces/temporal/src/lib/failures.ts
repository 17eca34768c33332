import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { toJson } from './values';

/** Why a workflow, an activity or an update failed, as JSON. */
export interface FailureDescription {
  /** `ApplicationFailure`, `ActivityFailure`, `TimeoutFailure`, `CancelledFailure`, `TerminatedFailure`, … */
  readonly kind: string;
  readonly message: string;
  /** Type that the workflow's author gave to an application failure. */
  readonly type?: string;
  readonly nonRetryable?: boolean;
  readonly details?: unknown;
  readonly activityType?: string;
  readonly workflowType?: string;
  readonly timeoutType?: string;
  readonly cause?: FailureDescription;
}

/** Failures nest: workflow, activity, what the activity threw. Beyond that many the rest is left out. */
const MAX_DEPTH = 8;

/** A failure with its causes. Undefined for no error. */
export function describeFailure(error: unknown, depth = 0): FailureDescription | undefined {
  if (!(error instanceof Error) || depth >= MAX_DEPTH) return undefined;
  const cause = describeFailure(error.cause, depth + 1);
  return {
    kind: error.name,
    message: messageOf(error, cause),
    ...(error instanceof ApplicationFailure
      ? {
          ...(error.type === undefined || error.type === null ? {} : { type: error.type }),
          nonRetryable: error.nonRetryable ?? false,
          ...(error.details?.length ? { details: toJson(error.details) } : {}),
        }
      : {}),
    ...(error instanceof ActivityFailure ? { activityType: error.activityType } : {}),
    ...(error instanceof ChildWorkflowFailure ? { workflowType: error.workflowType } : {}),
    ...(error instanceof TimeoutFailure ? { timeoutType: error.timeoutType } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** "Activity task failed" says nothing; what the activity threw does. */
function messageOf(error: Error, cause: FailureDescription | undefined): string {
  const wrapper = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  if (wrapper && cause !== undefined) return `${error.message}: ${cause.message}`;
  return error.message || (error instanceof TemporalFailure ? error.name : String(error));
}
