import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { clientOf, qdrantAuth } from '../auth';
import { compact, readSelector } from '../inputs';
import { collectionProp, filterProp, idsProp, keysProp, UPDATE_OUTPUT } from '../props';
import { updateSchema } from '../schemas';

export const setPayloadAction = createAction({
  name: 'set_payload',
  auth: qdrantAuth,
  displayName: 'Set Payload',
  description: 'Sets payload fields of points and keeps the others',
  audience: 'both',
  aiMetadata: {
    description:
      'Sets the given payload fields on points selected by id, own key or filter; other fields stay.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    payload: Property.Json({
      displayName: 'Payload',
      description: 'Fields to set.',
      required: true,
    }),
    path: Property.ShortText({
      displayName: 'Path',
      description:
        'Sets the fields inside this part of the payload, for example address.home. Empty: at the top.',
      required: false,
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
      method: 'POST',
      path: ['collections', collection, 'points', 'payload'],
      query: { wait: true },
      body: compact({ payload, key: propsValue.path || undefined, ...readSelector(ids, keys, filter) }),
      schema: updateSchema,
    });
    return { collection, status };
  },
});
