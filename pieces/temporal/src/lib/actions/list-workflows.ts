import { createAction, Property } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { filterProps } from '../props/filter';
import { count } from '../values';
import { buildQuery, executionFields, listExecutions, summaryOf } from '../visibility';

export const listWorkflows = createAction({
  auth: temporalAuth,
  name: 'list_workflows',
  displayName: 'List Workflows',
  description: 'Finds workflows by type, status, time, search attributes or a visibility query.',
  audience: 'both',
  aiMetadata: {
    description:
      "Find Temporal workflows by type, status, id prefix, task queue, start and close time, search attributes, or a visibility query such as \"WorkflowType = 'order' AND ExecutionStatus = 'Running'\".",
    idempotent: true,
  },
  props: {
    ...filterProps,
    maxResults: Property.Number({
      displayName: 'Workflows at most',
      description: '1 to 10,000.',
      required: false,
      defaultValue: 100,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'workflows', label: 'Workflows', listItems: executionFields },
      { key: 'count', label: 'Number of workflows', format: 'number' },
      { key: 'truncated', label: 'There are more workflows', format: 'boolean' },
      { key: 'query', label: 'Visibility query' },
    ],
  },
  async run({ auth, propsValue }) {
    const query = buildQuery(propsValue);
    const limit = count('Workflows at most', propsValue.maxResults, { max: 10_000, fallback: 100 });
    const { executions, truncated } = await withTemporal(
      auth.props,
      (temporal) => listExecutions(temporal, { query, limit }),
      {
        deadlineMs: 120_000,
      },
    );
    return { workflows: executions.map(summaryOf), count: executions.length, truncated, query };
  },
});
