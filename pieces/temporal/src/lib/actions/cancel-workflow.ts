import { createAction } from '@activepieces/pieces-framework';
import { isBizError } from '@bizstack/piece-common';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { openWorkflowIdProp, runIdProp } from '../props/workflow';
import { optionalText, requiredText } from '../values';

export const cancelWorkflow = createAction({
  auth: temporalAuth,
  name: 'cancel_workflow',
  displayName: 'Cancel Workflow',
  description: 'Asks a workflow to stop; it may clean up first.',
  audience: 'both',
  aiMetadata: {
    description:
      'Request the cancellation of a Temporal workflow, which can clean up and may refuse. A closed one is left as it is.',
    idempotent: true,
  },
  props: { workflowId: openWorkflowIdProp, runId: runIdProp },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'requested', label: 'Requested', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const runId = optionalText('Run ID', propsValue.runId);
    try {
      await withTemporal(auth.props, ({ workflow }) => workflow.getHandle(workflowId, runId).cancel(), {
        workflowId,
      });
      return { workflowId, requested: true };
    } catch (error) {
      if (!isBizError(error, 'BIZ_TEMPORAL_WORKFLOW_CLOSED')) throw error;
      return { workflowId, requested: false };
    }
  },
});
