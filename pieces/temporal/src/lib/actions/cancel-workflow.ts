import { createAction } from '@activepieces/pieces-framework';
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
    return withTemporal(
      auth.props,
      async ({ workflow }) => {
        const handle = workflow.getHandle(workflowId, runId);
        const { status } = await handle.describe();
        // The server accepts the request for a closed workflow as well, and does nothing.
        if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return { workflowId, requested: false };
        await handle.cancel();
        return { workflowId, requested: true };
      },
      { workflowId },
    );
  },
});
