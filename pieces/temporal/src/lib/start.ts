import { type WorkflowClient, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
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

/**
 * Starts the workflow, or gives the one that has its id, as the policies say.
 * @throws what the server says, also that the id is in use where a policy is to fail then.
 */
export async function startOnce({ workflow }: Temporal, request: StartRequest): Promise<Started> {
  const { options, reuse, conflict } = request;
  try {
    return await start(workflow, request, reuse === 'USE_CLOSED' ? 'REJECT_DUPLICATE' : reuse, 'FAIL');
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { workflowId, runId, type, status } = await workflow.getHandle(options.workflowId).describe();
    const running = status.name === 'RUNNING' || status.name === 'PAUSED';
    // The server takes this policy only together with starting again.
    if (running && conflict === 'TERMINATE_EXISTING') {
      return start(workflow, request, 'ALLOW_DUPLICATE', conflict);
    }
    if (running ? conflict === 'FAIL' : reuse === 'REJECT_DUPLICATE') throw error;
    return { workflowId, runId, workflowType: type, started: false, status: status.name };
  }
}

async function start(
  workflow: WorkflowClient,
  { workflowType, options }: StartRequest,
  workflowIdReusePolicy: WorkflowIdReusePolicy,
  workflowIdConflictPolicy: WorkflowIdConflictPolicy,
): Promise<Started> {
  const { workflowId, firstExecutionRunId } = await workflow.start(workflowType, {
    ...options,
    workflowIdReusePolicy,
    workflowIdConflictPolicy,
  });
  return { workflowId, runId: firstExecutionRunId, workflowType, started: true, status: 'RUNNING' };
}
