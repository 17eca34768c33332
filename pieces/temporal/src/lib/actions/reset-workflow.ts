import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { temporal } from '@temporalio/proto';
import { z } from 'zod';
import { temporalAuth } from '../auth';
import { stableId, withTemporal } from '../client';
import { onceKeyProp, runIdProp, workflowIdProp } from '../props/workflow';
import { resetPoint } from '../reset';
import { optionalText, requiredText } from '../values';

const { ResetReapplyExcludeType } = temporal.api.enums.v1;

const EXCLUDES = {
  signals: ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
  updates: ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
} as const;

const settingsSchema = z.object({
  to: z
    .enum(['first', 'last', 'event'])
    .nullish()
    .transform((to) => to ?? 'last'),
  eventId: z.coerce.number().int().min(1).nullish(),
  drop: z
    .array(z.enum(['signals', 'updates']))
    .nullish()
    .transform((drop) => drop ?? []),
});

export const resetWorkflow = createAction({
  auth: temporalAuth,
  name: 'reset_workflow',
  displayName: 'Reset Workflow',
  description: 'Takes a workflow back to a point in its history and lets it go on from there as a new run.',
  audience: 'both',
  aiMetadata: {
    description:
      'Reset a Temporal workflow, running or closed, to an earlier point of its history; a new run goes on from there with the code of today.',
    idempotent: true,
  },
  props: {
    workflowId: workflowIdProp,
    to: Property.StaticDropdown<'first' | 'last' | 'event', false>({
      displayName: 'Back to',
      description: 'What came after this point is done again.',
      required: false,
      defaultValue: 'last',
      options: {
        options: [
          { label: 'the last completed workflow task', value: 'last' },
          { label: 'the first workflow task: from the start', value: 'first' },
          { label: 'an event', value: 'event' },
        ],
      },
    }),
    eventId: Property.Number({
      displayName: 'Event ID',
      description:
        'For "an event": a completed, failed or timed out workflow task, or the event after which to begin.',
      required: false,
    }),
    reason: Property.ShortText({
      displayName: 'Reason',
      description: 'Written into the history.',
      required: false,
    }),
    drop: Property.StaticMultiSelectDropdown<'signals' | 'updates', false>({
      displayName: 'Do not apply again',
      description:
        'Signals and updates that came after the point are applied to the new run unless chosen here.',
      required: false,
      options: {
        options: [
          { label: 'Signals', value: 'signals' },
          { label: 'Updates', value: 'updates' },
        ],
      },
    }),
    idempotencyKey: onceKeyProp,
    runId: runIdProp,
  },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'runId', label: 'New run ID' },
      { key: 'eventId', label: 'Event ID', format: 'number' },
    ],
  },
  async run({ auth, propsValue, run, step }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const { to, eventId: given, drop } = parseInput('Reset', propsValue, settingsSchema);
    const key = optionalText('Idempotency key', propsValue.idempotencyKey);
    const requestId = stableId(
      'reset',
      workflowId,
      ...(key === undefined ? [run.id, step.name, to, given] : [key]),
    );
    return withTemporal(
      auth.props,
      async (connection) => {
        const { service, namespace, identity } = connection;
        const point = await resetPoint(connection, {
          workflowId,
          runId: optionalText('Run ID', propsValue.runId),
          to,
          eventId: given ?? undefined,
        });
        const { runId } = await service.resetWorkflowExecution({
          namespace,
          identity,
          requestId,
          workflowExecution: { workflowId, runId: point.runId },
          workflowTaskFinishEventId: point.eventId,
          reason: optionalText('Reason', propsValue.reason) ?? 'reset by a flow',
          resetReapplyExcludeTypes: drop.map((one) => EXCLUDES[one]),
        });
        return { workflowId, runId, eventId: Number(point.eventId) };
      },
      { workflowId, deadlineMs: 60_000 },
    );
  },
});
