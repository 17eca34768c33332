import { BizError } from '@bizstack/piece-common';
import { WorkflowFailedError, isGrpcDeadlineError } from '@temporalio/client';
import type { Temporal } from './client';
import { type FailureDescription, describeFailure } from './failures';
import { toJson } from './values';

export interface Outcome {
  readonly workflowId: string;
  readonly runId: string;
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
  /** Milliseconds to wait for the end. */
  readonly waitMs: number;
}

/** Waits for the end of a workflow (of its last run, unless one is named), and says how it ended. */
export async function awaitOutcome(
  temporal: Temporal,
  { workflowId, runId, waitMs }: Target,
): Promise<Outcome> {
  const { workflow } = temporal;
  const deadline = Date.now() + waitMs;
  let failure: FailureDescription | undefined;
  let result: unknown;
  // Tells at once when there is no such workflow, and waits for nothing when nothing may be waited for.
  const before = await workflow.getHandle(workflowId, runId).describe();
  const open = (name: string) => name === 'RUNNING' || name === 'PAUSED';
  const unfinished = async (): Promise<Outcome> => {
    const { status, runId: latest } = await workflow.getHandle(workflowId, runId).describe();
    const problem = (await stuckBecause(temporal, workflowId, runId)) ?? null;
    return {
      workflowId,
      runId: latest,
      status: status.name,
      finished: false,
      result: null,
      failure: null,
      problem,
    };
  };
  if (open(before.status.name) && waitMs <= 0) return unfinished();
  try {
    result = await workflow.withDeadline(
      Math.max(deadline, Date.now() + 5_000 * Number(!open(before.status.name))),
      () => workflow.result(workflowId, runId, { followRuns: runId === undefined }),
    );
  } catch (error) {
    if (isGrpcDeadlineError(error)) return unfinished();
    if (!(error instanceof WorkflowFailedError)) throw error;
    failure = describeFailure(error.cause) ?? { kind: error.name, message: error.message };
  }
  const after = await workflow.getHandle(workflowId, runId).describe();
  return {
    workflowId,
    runId: after.runId,
    status: after.status.name,
    finished: true,
    result: toJson(result),
    failure: failure ?? null,
    problem: null,
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
    `Workflow "${outcome.workflowId}" ended as ${outcome.status}: ${outcome.failure.message}.`,
    {
      hint: 'Look at its history with "Get History", or choose to go on when it failed.',
      details: { workflowId: outcome.workflowId, runId: outcome.runId, failure: outcome.failure },
    },
  );
}

export const outcomeFields = [
  { key: 'workflowId', label: 'Workflow ID' },
  { key: 'runId', label: 'Run ID' },
  { key: 'status', label: 'Status' },
  { key: 'finished', label: 'Finished', format: 'boolean' as const },
  { key: 'result', label: 'Result', dynamicKey: true as const },
  { key: 'failure', label: 'Failure' },
  { key: 'problem', label: 'Why it does not get on' },
];
