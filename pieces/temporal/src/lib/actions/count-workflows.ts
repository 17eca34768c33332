import { createAction, Property } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { filterProps } from '../props/filter';
import { toJson } from '../values';
import { buildQuery } from '../visibility';

export const countWorkflows = createAction({
  auth: temporalAuth,
  name: 'count_workflows',
  displayName: 'Count Workflows',
  description: 'Counts workflows by type, status, time, search attributes or a visibility query.',
  audience: 'both',
  aiMetadata: {
    description: 'Count Temporal workflows that match a filter, also by status.',
    idempotent: true,
  },
  props: {
    ...filterProps,
    byStatus: Property.Checkbox({
      displayName: 'By status',
      description: 'Give a count for each status too.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'count', label: 'Number of workflows', format: 'number' },
      {
        key: 'groups',
        label: 'By status',
        listItems: [
          { key: 'status', label: 'Status' },
          { key: 'count', label: 'Number of workflows', format: 'number' },
        ],
      },
      { key: 'query', label: 'Visibility query' },
    ],
  },
  async run({ auth, propsValue }) {
    const filter = buildQuery(propsValue);
    const query = propsValue.byStatus === true ? `${filter} GROUP BY ExecutionStatus`.trim() : filter;
    const { count, groups } = await withTemporal(auth.props, ({ workflow }) => workflow.count(query));
    return {
      count,
      groups: groups.map((group) => ({ status: toJson(group.groupValues[0]?.[0]), count: group.count })),
      query,
    };
  },
});
