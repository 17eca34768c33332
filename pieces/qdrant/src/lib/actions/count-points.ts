import { createAction, Property } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { readFilters } from '../filter';
import { compact } from '../inputs';
import { collectionProp, filterFieldsProp, filterProp } from '../props';
import { countSchema } from '../schemas';

export const countPointsAction = createAction({
  name: 'count_points',
  auth: qdrantAuth,
  displayName: 'Count Points',
  description: 'Counts the points of a collection, or those that match a filter',
  audience: 'both',
  aiMetadata: {
    description: 'Returns the number of points that match an optional filter. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    filterFields: filterFieldsProp,
    filter: filterProp,
    exact: Property.Checkbox({
      displayName: 'Exact',
      description: 'Off: a fast estimate for large collections.',
      required: false,
      defaultValue: true,
    }),
  },
  outputSchema: { fields: [{ key: 'count', label: 'Count', format: 'number' }] },
  async run({ auth, propsValue: { collection, filter, filterFields, exact } }) {
    const { count } = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', collection, 'points', 'count'],
      body: compact({ filter: readFilters(filter, filterFields), exact: exact ?? true }),
      schema: countSchema,
    });
    return { count };
  },
});
