import { createAction, Property } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { stableId, withTemporal } from '../client';
import {
  argumentFieldsProp,
  argumentsProp,
  handlerProp,
  onceKeyProp,
  openWorkflowIdProp,
  runIdProp,
} from '../props/workflow';
import { optionalText, parseArguments, requiredText, seconds, toJson } from '../values';

export const updateWaitProps = {
  waitFor: Property.StaticDropdown<'COMPLETED' | 'ACCEPTED', false>({
    displayName: 'Wait until the update is',
    description: 'An accepted update is carried out, even if nobody waits for it.',
    required: false,
    defaultValue: 'COMPLETED',
    options: {
      options: [
        { label: 'completed, and give its result', value: 'COMPLETED' },
        { label: 'accepted', value: 'ACCEPTED' },
      ],
    },
  }),
  timeoutSeconds: Property.Number({
    displayName: 'Wait for an answer (seconds)',
    description: '1 to 300.',
    required: false,
    defaultValue: 30,
  }),
};

export const executeUpdate = createAction({
  auth: temporalAuth,
  name: 'execute_update',
  displayName: 'Execute Update',
  description: 'Sends an update to a running workflow and gives its result, once per idempotency key.',
  audience: 'both',
  aiMetadata: {
    description:
      'Change a running Temporal workflow through one of its updates and get the result. The workflow may refuse it. The same idempotency key is carried out once and gives the same result.',
    idempotent: true,
  },
  props: {
    workflowId: openWorkflowIdProp,
    update: handlerProp('update', 'Update'),
    arguments: argumentsProp,
    argumentFields: argumentFieldsProp,
    idempotencyKey: onceKeyProp,
    ...updateWaitProps,
    runId: runIdProp,
  },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'updateId', label: 'Update ID' },
      { key: 'completed', label: 'Completed', format: 'boolean' },
      { key: 'result', label: 'Result', dynamicKey: true },
    ],
  },
  async run({ auth, propsValue, run, step }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const update = requiredText('Update', propsValue.update);
    const args = parseArguments('Arguments', propsValue.arguments, propsValue.argumentFields);
    const key = optionalText('Idempotency key', propsValue.idempotencyKey);
    const updateId = stableId(
      'update',
      workflowId,
      update,
      ...(key === undefined ? [run.id, step.name, args] : [key]),
    );
    const wait = seconds('Wait for an answer', propsValue.timeoutSeconds, { min: 1, max: 300, fallback: 30 });
    const completed = propsValue.waitFor !== 'ACCEPTED';
    const result = await withTemporal(
      auth.props,
      ({ workflow }) =>
        workflow.updateOnce({
          workflowId,
          runId: optionalText('Run ID', propsValue.runId),
          update,
          args,
          updateId,
          waitFor: completed ? 'COMPLETED' : 'ACCEPTED',
        }),
      { workflowId, needsWorker: true, deadlineMs: wait * 1_000 },
    );
    return { workflowId, updateId, completed, result: toJson(result) };
  },
});
