import { createAction, Property } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { stableId, withTemporal } from '../client';
import { parseStart, startProps } from '../props/start';
import { argumentFieldsProp, argumentsProp, onceKeyProp } from '../props/workflow';
import { optionalText, parseArguments, requiredText } from '../values';

const { idReusePolicy: _reuse, idConflictPolicy: _conflict, ...ownStartProps } = startProps;

export const signalWithStart = createAction({
  auth: temporalAuth,
  name: 'signal_with_start',
  displayName: 'Signal with Start',
  description: 'Sends a signal to a workflow and starts it first if it does not run.',
  audience: 'both',
  aiMetadata: {
    description:
      'Signal a Temporal workflow, starting it in the same step when no workflow with its id is running. The same signal key is delivered once to a running workflow.',
    idempotent: true,
  },
  props: {
    signal: Property.ShortText({ displayName: 'Signal', description: 'Name of the signal.', required: true }),
    signalArguments: { ...argumentsProp, displayName: 'Signal arguments' },
    signalArgumentFields: { ...argumentFieldsProp, displayName: 'Signal arguments as fields' },
    signalKey: { ...onceKeyProp, displayName: 'Idempotency key of the signal' },
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
      { key: 'workflowType', label: 'Workflow type' },
      { key: 'started', label: 'Started now', format: 'boolean' },
      { key: 'signal', label: 'Signal' },
    ],
  },
  async run({ auth, propsValue, run, step }) {
    const caller = { runId: run.id, stepName: step.name };
    const { workflowType, options, reuse } = parseStart(
      { ...propsValue, idReusePolicy: propsValue.idReusePolicy ?? 'REJECT_DUPLICATE' },
      caller,
    );
    const { workflowId } = options;
    const signalName = requiredText('Signal', propsValue.signal);
    const signalArgs = parseArguments(
      'Signal arguments',
      propsValue.signalArguments,
      propsValue.signalArgumentFields,
    );
    const key = optionalText('Idempotency key of the signal', propsValue.signalKey);
    const { runId, started } = await withTemporal(
      auth.props,
      ({ workflow }) =>
        workflow.signalWithStartOnce({
          workflowType,
          options: {
            ...options,
            workflowIdReusePolicy: reuse === 'USE_CLOSED' ? 'REJECT_DUPLICATE' : reuse,
            workflowIdConflictPolicy: 'USE_EXISTING',
          },
          signalName,
          signalArgs,
          requestId: stableId(
            'signal',
            workflowId,
            signalName,
            ...(key === undefined ? [run.id, step.name, signalArgs] : [key]),
          ),
        }),
      { workflowId },
    );
    return { workflowId, runId, workflowType, started, signal: signalName };
  },
});
