import type { ScheduleDescription, ScheduleSummary } from '@temporalio/client';
import { type CallOptions, type Temporal, withTemporal } from './client';
import { toJson } from './values';

/** Runs `work` with the handle of a schedule. @throws BizError */
export function withSchedule<T>(
  props: unknown,
  scheduleId: string,
  work: (handle: ReturnType<Temporal['schedule']['getHandle']>, temporal: Temporal) => Promise<T>,
  options: CallOptions = {},
): Promise<T> {
  return withTemporal(props, (temporal) => work(temporal.schedule.getHandle(scheduleId), temporal), {
    ...options,
    scheduleId,
  });
}

/** A schedule of a list as JSON. */
export function scheduleSummary({ scheduleId, action, state, info, memo }: ScheduleSummary) {
  return {
    scheduleId,
    workflowType: action?.workflowType ?? null,
    paused: state.paused,
    note: state.note || null,
    nextTimes: info.nextActionTimes.map((time) => time.toISOString()),
    recent: info.recentActions.map(recentAction),
    memo: toJson(memo ?? {}),
  };
}

/** A schedule with all that is known of it, as JSON. */
export function scheduleDetails({
  scheduleId,
  spec,
  action,
  policies,
  state,
  info,
  memo,
}: ScheduleDescription) {
  return {
    scheduleId,
    paused: state.paused,
    note: state.note || null,
    remainingActions: state.remainingActions ?? null,
    workflowType: action.workflowType,
    taskQueue: action.taskQueue,
    workflowId: action.workflowId,
    arguments: toJson(action.args ?? []),
    spec: toJson(spec),
    overlap: policies.overlap,
    catchupWindowMs: policies.catchupWindow,
    pauseOnFailure: policies.pauseOnFailure,
    nextTimes: info.nextActionTimes.map((time) => time.toISOString()),
    recent: info.recentActions.map(recentAction),
    running: info.runningActions.map(({ workflow }) => workflow.workflowId),
    actionsTaken: info.numActionsTaken,
    missed: info.numActionsMissedCatchupWindow,
    skipped: info.numActionsSkippedOverlap,
    createdAt: info.createdAt.toISOString(),
    updatedAt: info.lastUpdatedAt?.toISOString() ?? null,
    memo: toJson(memo ?? {}),
  };
}

function recentAction({ scheduledAt, takenAt, action }: ScheduleSummary['info']['recentActions'][number]) {
  return {
    scheduledAt: scheduledAt.toISOString(),
    takenAt: takenAt.toISOString(),
    workflowId: action.workflow.workflowId,
    runId: action.workflow.firstExecutionRunId,
  };
}

export const scheduleFields = [
  { key: 'scheduleId', label: 'Schedule ID' },
  { key: 'workflowType', label: 'Workflow type' },
  { key: 'paused', label: 'Paused', format: 'boolean' as const },
  { key: 'note', label: 'Note' },
  { key: 'nextTimes', label: 'Next times', listItems: [] },
  { key: 'recent', label: 'Last starts', listItems: [{ key: 'workflowId', label: 'Workflow ID' }] },
];
