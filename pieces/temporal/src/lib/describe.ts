import { optionalTsToDate, optionalTsToMs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import type { Temporal } from './client';
import { describeFailure } from './failures';
import { stuckBecause } from './result';
import { summaryOf } from './visibility';

const { PendingActivityState, PendingWorkflowTaskState } = temporal.api.enums.v1;

/** A workflow with all that is known of it. */
export async function describeExecution(
  connection: Temporal,
  { workflowId, runId }: { workflowId: string; runId?: string | undefined },
) {
  const { workflow } = connection;
  const info = await workflow.getHandle(workflowId, runId).describe();
  const { raw } = info;
  const task = raw.pendingWorkflowTask;
  return {
    ...summaryOf(info),
    executionTime: info.executionTime?.toISOString() ?? null,
    historySize: info.historySize ?? null,
    firstRunId: raw.workflowExecutionInfo?.firstRunId || null,
    summary: (await info.staticSummary()) ?? null,
    details: (await info.staticDetails()) ?? null,
    executionTimeoutMs: optionalTsToMs(raw.executionConfig?.workflowExecutionTimeout) ?? null,
    runTimeoutMs: optionalTsToMs(raw.executionConfig?.workflowRunTimeout) ?? null,
    taskTimeoutMs: optionalTsToMs(raw.executionConfig?.defaultWorkflowTaskTimeout) ?? null,
    pendingActivities: await Promise.all(
      (raw.pendingActivities ?? []).map(async (activity) => ({
        activityId: activity.activityId ?? '',
        type: activity.activityType?.name ?? '',
        state: nameOf(PendingActivityState, activity.state, 'PENDING_ACTIVITY_STATE_'),
        attempt: activity.attempt ?? 0,
        maximumAttempts: activity.maximumAttempts || null,
        lastStartedTime: isoOf(activity.lastStartedTime),
        nextAttemptTime: isoOf(activity.nextAttemptScheduleTime),
        lastFailure: describeFailure(await workflow.decodeFailure(activity.lastFailure)) ?? null,
      })),
    ),
    pendingChildren: (raw.pendingChildren ?? []).map((child) => ({
      workflowId: child.workflowId ?? '',
      runId: child.runId ?? '',
      workflowType: child.workflowTypeName ?? '',
    })),
    pendingTask: task
      ? {
          state: nameOf(PendingWorkflowTaskState, task.state, 'PENDING_WORKFLOW_TASK_STATE_'),
          attempt: task.attempt ?? 0,
          scheduledTime: isoOf(task.scheduledTime),
        }
      : null,
    problem: (await stuckBecause(connection, workflowId, runId)) ?? null,
  };
}

function isoOf(time: Parameters<typeof optionalTsToDate>[0]): string | null {
  return optionalTsToDate(time)?.toISOString() ?? null;
}

function nameOf(
  names: Readonly<Record<number, string>>,
  value: number | null | undefined,
  prefix: string,
): string {
  return (names[value ?? 0] ?? 'UNKNOWN').replace(prefix, '');
}
