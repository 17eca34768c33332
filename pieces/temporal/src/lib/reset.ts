import { BizError } from '@bizstack/piece-common';
import { temporal } from '@temporalio/proto';
import type { Temporal } from './client';
import { fetchHistory } from './history';

const { EventType } = temporal.api.enums.v1;

const TASK_ENDS: ReadonlySet<number> = new Set([
  EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
]);

/** As many events as a workflow may have. */
const MAX_EVENTS = 51_200;

type EventId = NonNullable<temporal.api.history.v1.IHistoryEvent['eventId']>;

/**
 * The event that a reset goes back to, and the run that it is in: the server takes the end of a workflow
 * task only, so an event means the first such end from there on.
 * @throws BizError `BIZ_TEMPORAL_RESET_POINT` when there is none.
 */
export async function resetPoint(
  connection: Temporal,
  {
    workflowId,
    runId,
    to,
    eventId,
  }: {
    workflowId: string;
    runId?: string | undefined;
    to: 'first' | 'last' | 'event';
    eventId?: number | undefined;
  },
): Promise<{ runId: string; eventId: EventId }> {
  const { runId: current } = await connection.workflow.getHandle(workflowId, runId).describe();
  const { events } = await fetchHistory(connection, {
    workflowId,
    runId: current,
    limit: MAX_EVENTS,
    newestFirst: to === 'last',
  });
  const found = events.find((event) =>
    to === 'event'
      ? TASK_ENDS.has(event.eventType ?? 0) && Number(event.eventId) >= (eventId ?? 1)
      : event.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  );
  if (found?.eventId != null) return { runId: current, eventId: found.eventId };
  throw new BizError(
    'BIZ_TEMPORAL_RESET_POINT',
    `Workflow "${workflowId}" has no point to go back to there.`,
    {
      hint: 'It needs a completed workflow task: a worker must have run it at least once.',
      details: { workflowId, runId: current },
    },
  );
}
