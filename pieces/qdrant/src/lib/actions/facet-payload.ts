import { createAction, Property } from '@activepieces/pieces-framework';
import { z } from 'zod';
import { clientOf, qdrantAuth } from '../auth';
import { readFilters } from '../filter';
import { compact, readInteger } from '../inputs';
import { collectionProp, filterFieldsProp, filterProp, indexedFieldProp, limitProp } from '../props';

export const facetPayloadAction = createAction({
  name: 'facet_payload',
  auth: qdrantAuth,
  displayName: 'Facet Payload',
  description: 'Counts the points of each value of a payload field',
  audience: 'both',
  aiMetadata: {
    description:
      'Returns the values of an indexed payload field with the number of points of each. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    field: indexedFieldProp,
    filterFields: filterFieldsProp,
    filter: filterProp,
    limit: limitProp,
    exact: Property.Checkbox({
      displayName: 'Exact',
      description: 'Off: a fast estimate for large collections.',
      required: false,
      defaultValue: true,
    }),
  },
  outputSchema: {
    fields: [
      {
        key: 'values',
        label: 'Values',
        listItems: [
          { key: 'value', label: 'Value' },
          { key: 'count', label: 'Count', format: 'number' },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const { hits } = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', propsValue.collection, 'facet'],
      body: compact({
        key: propsValue.field,
        filter: readFilters(propsValue.filter, propsValue.filterFields),
        limit: readInteger('Limit', propsValue.limit, { min: 1, max: 1000, fallback: 10 }),
        exact: propsValue.exact ?? true,
      }),
      schema: z.looseObject({
        hits: z.array(
          z.looseObject({ value: z.union([z.string(), z.number(), z.boolean()]), count: z.number() }),
        ),
      }),
    });
    return { values: hits.map(({ value, count }) => ({ value, count })) };
  },
});
