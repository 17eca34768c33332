import { createAction, Property } from '@activepieces/pieces-framework';
import { z } from 'zod';
import { clientOf, qdrantAuth } from '../auth';
import { readSelector } from '../inputs';
import { collectionProp, filterFieldsProp, filterProp, idsProp, keysProp } from '../props';
import { countSchema, recordSchema, updateSchema } from '../schemas';

export const deletePointsAction = createAction({
  name: 'delete_points',
  auth: qdrantAuth,
  displayName: 'Delete Points',
  description: 'Deletes points by id, key or filter; with Preview it only counts them',
  audience: 'both',
  aiMetadata: {
    description:
      'Destructive: deletes points by id, own key or filter. Set preview to only count what would go. Refuses an empty selection.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    ids: idsProp,
    keys: keysProp,
    filterFields: filterFieldsProp,
    filter: filterProp,
    preview: Property.Checkbox({
      displayName: 'Preview',
      description: 'Counts the points and deletes nothing.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'collection', label: 'Collection' },
      { key: 'matched', label: 'Matched', format: 'number', description: 'Points that were there' },
      { key: 'deleted', label: 'Deleted', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const { collection, preview } = propsValue;
    const { ids, keys, filter, filterFields } = propsValue;
    const selector = readSelector(ids, keys, filter, filterFields);
    const client = clientOf(auth.props);
    const path = ['collections', collection, 'points'];
    const matched =
      'points' in selector
        ? (
            await client.call({
              method: 'POST',
              path,
              body: { ids: selector.points, with_payload: false },
              schema: z.array(recordSchema),
            })
          ).length
        : (
            await client.call({
              method: 'POST',
              path: [...path, 'count'],
              body: { filter: selector.filter, exact: true },
              schema: countSchema,
            })
          ).count;
    if (!preview) {
      await client.call({
        method: 'POST',
        path: [...path, 'delete'],
        query: { wait: true },
        body: selector,
        schema: updateSchema,
      });
    }
    return { collection, matched, deleted: !preview };
  },
});
