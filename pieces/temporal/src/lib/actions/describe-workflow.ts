import { createAction } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { describeExecution } from '../describe';
import { runIdProp, workflowIdProp } from '../props/workflow';
import { optionalText, requiredText } from '../values';
import { executionFields } from '../visibility';

export const describeWorkflow = createAction({
  auth: temporalAuth,
  name: 'describe_workflow',
  displayName: 'Describe Workflow',
  description: 'Gives status, times, memo, search attributes and what a workflow is waiting for.',
  audience: 'both',
  aiMetadata: {
    description:
      'Status, times, memo, search attributes, pending activities and child workflows of a Temporal workflow, and why it does not get on.',
    idempotent: true,
  },
  props: { workflowId: workflowIdProp, runId: runIdProp },
  outputSchema: {
    fields: [
      ...executionFields,
      { key: 'memo', label: 'Memo', dynamicKey: true },
      { key: 'searchAttributes', label: 'Search attributes', dynamicKey: true },
      { key: 'pendingActivities', label: 'Pending activities', listItems: [{ key: 'type', label: 'Type' }] },
      {
        key: 'pendingChildren',
        label: 'Pending child workflows',
        listItems: [{ key: 'workflowId', label: 'Workflow ID' }],
      },
      { key: 'problem', label: 'Why it does not get on' },
    ],
  },
  async run({ auth, propsValue }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const runId = optionalText('Run ID', propsValue.runId);
    return withTemporal(auth.props, (temporal) => describeExecution(temporal, { workflowId, runId }), {
      workflowId,
    });
  },
});
