import { createAction } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { readSelector } from '../inputs';
import { collectionProp, filterProp, idsProp, keysProp, UPDATE_OUTPUT } from '../props';
import { updateSchema } from '../schemas';

export const clearPayloadAction = createAction({
  name: 'clear_payload',
  auth: qdrantAuth,
  displayName: 'Clear Payload',
  description: 'Removes the whole payload of points',
  audience: 'both',
  aiMetadata: {
    description:
      'Destructive: removes the whole payload of points selected by id, own key or filter; vectors stay.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    ids: idsProp,
    keys: keysProp,
    filter: filterProp,
  },
  outputSchema: UPDATE_OUTPUT,
  async run({ auth, propsValue }) {
    const { collection, ids, keys, filter } = propsValue;
    const { status } = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', collection, 'points', 'payload', 'clear'],
      query: { wait: true },
      body: readSelector(ids, keys, filter),
      schema: updateSchema,
    });
    return { collection, status };
  },
});
