import { createAction, Property } from '@activepieces/pieces-framework';
import { isBizError } from '@bizstack/piece-common';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { openWorkflowIdProp, runIdProp } from '../props/workflow';
import { optionalText, requiredText } from '../values';

export const terminateWorkflow = createAction({
  auth: temporalAuth,
  name: 'terminate_workflow',
  displayName: 'Terminate Workflow',
  description: 'Ends a workflow at once, without clean-up.',
  audience: 'both',
  aiMetadata: {
    description:
      'End a Temporal workflow at once; its code does not hear of it. Prefer cancel_workflow. A closed one is left as it is.',
    idempotent: true,
  },
  props: {
    workflowId: openWorkflowIdProp,
    reason: Property.ShortText({
      displayName: 'Reason',
      description: 'Written into the history.',
      required: false,
    }),
    runId: runIdProp,
  },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'terminated', label: 'Terminated', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const runId = optionalText('Run ID', propsValue.runId);
    const reason = optionalText('Reason', propsValue.reason);
    try {
      await withTemporal(
        auth.props,
        ({ workflow }) => workflow.getHandle(workflowId, runId).terminate(reason),
        {
          workflowId,
        },
      );
      return { workflowId, terminated: true };
    } catch (error) {
      if (!isBizError(error, 'BIZ_TEMPORAL_WORKFLOW_CLOSED')) throw error;
      return { workflowId, terminated: false };
    }
  },
});
