import { createAction } from '@activepieces/pieces-framework';
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
import { optionalText, parseArguments, requiredText } from '../values';

export const signalWorkflow = createAction({
  auth: temporalAuth,
  name: 'signal_workflow',
  displayName: 'Signal Workflow',
  description: 'Sends a signal to a running workflow, once per idempotency key.',
  audience: 'both',
  aiMetadata: {
    description:
      'Send a signal (a message without an answer) to a running Temporal workflow. The same idempotency key is delivered once. For an answer use execute_update.',
    idempotent: true,
  },
  props: {
    workflowId: openWorkflowIdProp,
    signal: handlerProp('signal', 'Signal'),
    arguments: argumentsProp,
    argumentFields: argumentFieldsProp,
    idempotencyKey: onceKeyProp,
    runId: runIdProp,
  },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'signal', label: 'Signal' },
      { key: 'requestId', label: 'Request ID' },
    ],
  },
  async run({ auth, propsValue, run, step }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const signalName = requiredText('Signal', propsValue.signal);
    const args = parseArguments('Arguments', propsValue.arguments, propsValue.argumentFields);
    const key = optionalText('Idempotency key', propsValue.idempotencyKey);
    const requestId = stableId(
      'signal',
      workflowId,
      signalName,
      ...(key === undefined ? [run.id, step.name, args] : [key]),
    );
    await withTemporal(
      auth.props,
      ({ workflow }) =>
        workflow.signalOnce({
          workflowId,
          runId: optionalText('Run ID', propsValue.runId),
          signalName,
          args,
          requestId,
        }),
      { workflowId },
    );
    return { workflowId, signal: signalName, requestId };
  },
});
