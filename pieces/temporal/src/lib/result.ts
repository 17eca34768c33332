import { BizError } from '@bizstack/piece-common';
import { WorkflowFailedError, isGrpcCancelledError, isGrpcDeadlineError } from '@temporalio/client';
import type { Temporal } from './client';
import { trimmed } from './errors';
import { type FailureDescription, describeFailure } from './failures';
import { toJson } from './values';

export interface Outcome {
  readonly workflowId: string;
  readonly status: string;
  readonly finished: boolean;
  /** What the workflow returned; null when it has not, or returned nothing. */
  readonly result: unknown;
  readonly failure: FailureDescription | null;
  /** Why it does not get on, when its worker cannot run it. */
  readonly problem: string | null;
}

interface Target {
  readonly workflowId: string;
  readonly runId?: string | undefined;
  /** Milliseconds to wait for the end; 0 looks once. */
  readonly waitMs: number;
}

/** Waits for the end of a workflow (of its last run, unless one is named), and says how it ended. */
export async function awaitOutcome(temporal: Temporal, target: Target): Promise<Outcome> {
  const { workflow } = temporal;
  const { workflowId, runId, waitMs } = target;
  if (waitMs > 0) return (await outcomeWithin(temporal, target)) ?? unfinished(temporal, target);
  const { status } = await workflow.getHandle(workflowId, runId).describe();
  return OPEN.has(status.name) ? unfinished(temporal, target) : closedOutcome(temporal, target);
}

/** How a workflow ended that is closed. */
export async function closedOutcome(temporal: Temporal, target: Omit<Target, 'waitMs'>): Promise<Outcome> {
  return (
    (await outcomeWithin(temporal, { ...target, waitMs: CLOSED_WAIT_MS })) ??
    unfinished(temporal, { ...target, waitMs: 0 })
  );
}

const OPEN: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED']);
/** The end of a closed workflow is there at once; this is for a busy server. */
const CLOSED_WAIT_MS = 15_000;

/** Undefined when it has not ended in time. */
async function outcomeWithin(
  { workflow }: Temporal,
  { workflowId, runId, waitMs }: Target,
): Promise<Outcome | undefined> {
  const ended = (status: string, result: unknown, failure: FailureDescription | null): Outcome => ({
    workflowId,
    status,
    finished: true,
    result: toJson(result),
    failure,
    problem: null,
  });
  try {
    const result: unknown = await workflow.withDeadline(Date.now() + waitMs, () =>
      workflow.result(workflowId, runId, { followRuns: runId === undefined }),
    );
    return ended('COMPLETED', result, null);
  } catch (error) {
    // The server, which knows the deadline too, may be the first to give up; nobody else cancels this.
    if (isGrpcDeadlineError(error) || isGrpcCancelledError(error)) return undefined;
    if (!(error instanceof WorkflowFailedError)) throw error;
    const failure = describeFailure(error.cause) ?? { kind: error.name, message: error.message };
    return ended(ENDINGS[failure.kind] ?? 'FAILED', undefined, failure);
  }
}

const ENDINGS: Readonly<Record<string, string>> = {
  CancelledFailure: 'CANCELLED',
  TerminatedFailure: 'TERMINATED',
  TimeoutFailure: 'TIMED_OUT',
};

async function unfinished(temporal: Temporal, { workflowId, runId }: Target): Promise<Outcome> {
  const { status } = await temporal.workflow.getHandle(workflowId, runId).describe();
  return {
    workflowId,
    status: status.name,
    finished: false,
    result: null,
    failure: null,
    problem: (await stuckBecause(temporal, workflowId, runId)) ?? null,
  };
}

/** Why no step of the workflow gets done: its task fails again and again. Undefined when it does not. */
export async function stuckBecause(
  { workflow, service, namespace }: Temporal,
  workflowId: string,
  runId?: string,
): Promise<string | undefined> {
  const { raw } = await workflow.getHandle(workflowId, runId).describe();
  if ((raw.pendingWorkflowTask?.attempt ?? 0) < 2) return undefined;
  const { history } = await service.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId: runId ?? null },
    maximumPageSize: 10,
  });
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes != null);
  return failed?.workflowTaskFailedEventAttributes?.failure?.message ?? 'no worker has completed its task';
}

/** The same, with the end of a failed workflow as an error. @throws BizError `BIZ_TEMPORAL_WORKFLOW_FAILED` */
export function orFail(outcome: Outcome): Outcome {
  if (outcome.failure === null) return outcome;
  throw new BizError(
    'BIZ_TEMPORAL_WORKFLOW_FAILED',
    `Workflow "${outcome.workflowId}" ended as ${outcome.status}: ${trimmed(outcome.failure.message)}.`,
    {
      hint: 'Look at its history with "Get History", or choose to go on when it failed.',
      details: { workflowId: outcome.workflowId, failure: outcome.failure },
    },
  );
}

export const outcomeFields = [
  { key: 'workflowId', label: 'Workflow ID' },
  { key: 'status', label: 'Status' },
  { key: 'finished', label: 'Finished', format: 'boolean' as const },
  { key: 'result', label: 'Result', dynamicKey: true as const },
  { key: 'failure', label: 'Failure' },
  { key: 'problem', label: 'Why it does not get on' },
];
