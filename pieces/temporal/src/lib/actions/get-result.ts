import { createAction, Property } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { runIdProp, workflowIdProp } from '../props/workflow';
import { awaitOutcome, orFail, outcomeFields } from '../result';
import { optionalText, requiredText, seconds } from '../values';

/** A flow may take 600 s in all. */
const MAX_WAIT_SECONDS = 570;

export const failOnFailureProp = Property.Checkbox({
  displayName: 'Fail when the workflow failed',
  description:
    'Also when it was cancelled or terminated, or ran out of time. Otherwise the step says how it ended.',
  required: false,
  defaultValue: true,
});

export const getResult = createAction({
  auth: temporalAuth,
  name: 'get_result',
  displayName: 'Get Result',
  description: 'Gives the result of a workflow; waits for it for some seconds.',
  audience: 'both',
  aiMetadata: {
    description:
      'Get the result of a Temporal workflow, waiting up to some seconds for its end. finished=false when it still runs. For longer waits use wait_for_workflow.',
    idempotent: true,
  },
  props: {
    workflowId: workflowIdProp,
    waitSeconds: Property.Number({
      displayName: 'Wait (seconds)',
      description: '0 to 570. 0 looks once. For longer use "Wait for Workflow".',
      required: false,
      defaultValue: 30,
    }),
    failOnFailure: failOnFailureProp,
    runId: runIdProp,
  },
  outputSchema: { fields: outcomeFields },
  async run({ auth, propsValue }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const runId = optionalText('Run ID', propsValue.runId);
    const wait = seconds('Wait', propsValue.waitSeconds, { min: 0, max: MAX_WAIT_SECONDS, fallback: 30 });
    const outcome = await withTemporal(
      auth.props,
      (temporal) => awaitOutcome(temporal, { workflowId, runId, waitMs: wait * 1_000 }),
      { workflowId, deadlineMs: (wait + 20) * 1_000 },
    );
    return propsValue.failOnFailure === false ? outcome : orFail(outcome);
  },
});
