import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { clientOf, qdrantAuth } from '../auth';
import { compact, readSelector } from '../inputs';
import { collectionProp, filterProp, idsProp, keysProp, UPDATE_OUTPUT } from '../props';
import { updateSchema } from '../schemas';

export const overwritePayloadAction = createAction({
  name: 'overwrite_payload',
  auth: qdrantAuth,
  displayName: 'Overwrite Payload',
  description: 'Replaces the whole payload of points',
  audience: 'both',
  aiMetadata: {
    description:
      'Replaces the whole payload of points selected by id, own key or filter; fields not given are lost.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    payload: Property.Json({
      displayName: 'Payload',
      description: 'The new payload.',
      required: true,
    }),
    ids: idsProp,
    keys: keysProp,
    filter: filterProp,
  },
  outputSchema: UPDATE_OUTPUT,
  async run({ auth, propsValue }) {
    const { collection, ids, keys, filter } = propsValue;
    const payload = parseJsonProp('Payload', propsValue.payload, jsonObjectSchema);
    const { status } = await clientOf(auth.props).call({
      method: 'PUT',
      path: ['collections', collection, 'points', 'payload'],
      query: { wait: true },
      body: compact({ payload, ...readSelector(ids, keys, filter) }),
      schema: updateSchema,
    });
    return { collection, status };
  },
});
