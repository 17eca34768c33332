import { isBizError } from '@bizstack/piece-common';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { Temporal } from './client';
import type { StartRequest } from './props/start';

export interface Started {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  /** False when a workflow with this id was there already. */
  readonly started: boolean;
  readonly status: string;
}

/** The policies for the server. An existing workflow is always reported, and {@link existing} decides. */
export function idPolicies({ reuse, conflict }: StartRequest): {
  workflowIdReusePolicy: WorkflowIdReusePolicy;
  workflowIdConflictPolicy: WorkflowIdConflictPolicy;
} {
  return {
    workflowIdReusePolicy: reuse === 'USE_CLOSED' ? 'REJECT_DUPLICATE' : reuse,
    workflowIdConflictPolicy: conflict === 'TERMINATE_EXISTING' ? conflict : 'FAIL',
  };
}

/**
 * Starts the workflow, or gives the one that has its id, as the policies say.
 * @throws what the server says, also that the id is in use where a policy is to fail then.
 */
export async function startOnce(temporal: Temporal, request: StartRequest): Promise<Started> {
  const { workflowType, options } = request;
  try {
    const { workflowId, firstExecutionRunId } = await temporal.workflow.start(workflowType, {
      ...options,
      ...idPolicies(request),
    });
    return { workflowId, runId: firstExecutionRunId, workflowType, started: true, status: 'RUNNING' };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return await existing(temporal, request, error);
  }
}

/** The workflow that has the id of the request. @throws `refusal` when the policies do not accept it. */
export async function existing(
  { workflow }: Temporal,
  { options, reuse, conflict }: StartRequest,
  refusal: unknown,
): Promise<Started> {
  const info = await workflow.getHandle(options.workflowId).describe();
  const running = info.status.name === 'RUNNING' || info.status.name === 'PAUSED';
  const accepted = running ? conflict !== 'FAIL' : reuse !== 'REJECT_DUPLICATE';
  if (!accepted || isBizError(refusal)) throw refusal;
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    workflowType: info.type,
    started: false,
    status: info.status.name,
  };
}
