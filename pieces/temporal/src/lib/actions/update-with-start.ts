import { createAction, Property } from '@activepieces/pieces-framework';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { temporalAuth } from '../auth';
import { stableId, withTemporal } from '../client';
import { parseStart, startProps } from '../props/start';
import { argumentFieldsProp, argumentsProp, onceKeyProp } from '../props/workflow';
import { optionalText, parseArguments, requiredText, seconds, toJson } from '../values';
import { updateWaitProps } from './execute-update';

const {
  idReusePolicy: _reuse,
  idConflictPolicy: _conflict,
  startDelay: _delay,
  ...ownStartProps
} = startProps;

export const updateWithStart = createAction({
  auth: temporalAuth,
  name: 'update_with_start',
  displayName: 'Update with Start',
  description:
    'Sends an update to a workflow, starts it first if it does not run, and gives the result of the update.',
  audience: 'both',
  aiMetadata: {
    description:
      'Send an update to a Temporal workflow, starting it in the same step when no workflow with its id is running, and get the result of the update. The same update key is carried out once.',
    idempotent: true,
  },
  props: {
    update: Property.ShortText({ displayName: 'Update', description: 'Name of the update.', required: true }),
    updateArguments: { ...argumentsProp, displayName: 'Update arguments' },
    updateArgumentFields: { ...argumentFieldsProp, displayName: 'Update arguments as fields' },
    updateKey: { ...onceKeyProp, displayName: 'Idempotency key of the update' },
    ...updateWaitProps,
    ...ownStartProps,
    idReusePolicy: Property.StaticDropdown({
      displayName: 'When a workflow with this id is closed',
      description: 'What to do when this id was used before and that workflow has ended.',
      required: false,
      defaultValue: 'REJECT_DUPLICATE',
      options: {
        options: [
          { label: 'Fail', value: 'REJECT_DUPLICATE' },
          { label: 'Start again', value: 'ALLOW_DUPLICATE' },
          { label: 'Start again if it failed, else fail', value: 'ALLOW_DUPLICATE_FAILED_ONLY' },
        ],
      },
    }),
  },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'runId', label: 'Run ID' },
      { key: 'updateId', label: 'Update ID' },
      { key: 'completed', label: 'Completed', format: 'boolean' },
      { key: 'result', label: 'Result', dynamicKey: true },
    ],
  },
  async run({ auth, propsValue, run, step }) {
    const { workflowType, options, reuse } = parseStart(
      { ...propsValue, idReusePolicy: propsValue.idReusePolicy ?? 'REJECT_DUPLICATE' },
      { runId: run.id, stepName: step.name },
    );
    const { workflowId } = options;
    const update = requiredText('Update', propsValue.update);
    const args = parseArguments(
      'Update arguments',
      propsValue.updateArguments,
      propsValue.updateArgumentFields,
    );
    const key = optionalText('Idempotency key of the update', propsValue.updateKey);
    const updateId = stableId(
      'update',
      workflowId,
      update,
      ...(key === undefined ? [run.id, step.name, args] : [key]),
    );
    const wait = seconds('Wait for an answer', propsValue.timeoutSeconds, { min: 1, max: 300, fallback: 30 });
    const completed = propsValue.waitFor !== 'ACCEPTED';
    return withTemporal(
      auth.props,
      async ({ workflow }) => {
        const startWorkflowOperation = new WithStartWorkflowOperation(workflowType, {
          ...options,
          workflowIdReusePolicy: reuse === 'USE_CLOSED' ? 'REJECT_DUPLICATE' : reuse,
          workflowIdConflictPolicy: 'USE_EXISTING',
        });
        const call = { args, updateId, startWorkflowOperation };
        const handle = await workflow.startUpdateWithStart<AnyWorkflow, unknown, unknown[]>(update, {
          ...call,
          waitForStage: 'ACCEPTED',
        });
        const result = completed ? await handle.result() : null;
        return {
          workflowId,
          runId: handle.workflowRunId ?? null,
          updateId,
          completed,
          result: toJson(result),
        };
      },
      { workflowId, needsWorker: true, deadlineMs: wait * 1_000 },
    );
  },
});

/** Any workflow. */
type AnyWorkflow = (...args: unknown[]) => Promise<unknown>;
