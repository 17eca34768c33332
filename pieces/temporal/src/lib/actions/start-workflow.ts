import { createAction } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { parseStart, startProps } from '../props/start';
import { startOnce } from '../start';

export const startWorkflow = createAction({
  auth: temporalAuth,
  name: 'start_workflow',
  displayName: 'Start Workflow',
  description: 'Starts a workflow, once per idempotency key, and goes on without waiting for it.',
  audience: 'both',
  aiMetadata: {
    description:
      'Start a Temporal workflow. The same idempotency key (or workflow id) is the same workflow: an existing one is returned with started=false. Does not wait for the result; use wait_for_workflow or get_result.',
    idempotent: true,
  },
  props: startProps,
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'runId', label: 'Run ID' },
      { key: 'workflowType', label: 'Workflow type' },
      { key: 'started', label: 'Started now', format: 'boolean' },
      { key: 'status', label: 'Status' },
    ],
  },
  async run({ auth, propsValue, run, step }) {
    const request = parseStart(propsValue, { runId: run.id, stepName: step.name });
    return withTemporal(auth.props, (temporal) => startOnce(temporal, request), {
      workflowId: request.options.workflowId,
    });
  },
});
