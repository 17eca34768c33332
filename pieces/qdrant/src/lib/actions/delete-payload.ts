import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, qdrantAuth } from '../auth';
import { compact, readSelector } from '../inputs';
import { collectionProp, filterProp, idsProp, keysProp, UPDATE_OUTPUT } from '../props';
import { updateSchema } from '../schemas';

export const deletePayloadAction = createAction({
  name: 'delete_payload',
  auth: qdrantAuth,
  displayName: 'Delete Payload Fields',
  description: 'Removes payload fields from points',
  audience: 'both',
  aiMetadata: {
    description:
      'Destructive: removes the named payload fields from points selected by id, own key or filter.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    fields: Property.Array({
      displayName: 'Fields',
      description: 'Names of the payload fields to remove.',
      required: true,
    }),
    ids: idsProp,
    keys: keysProp,
    filter: filterProp,
  },
  outputSchema: UPDATE_OUTPUT,
  async run({ auth, propsValue }) {
    const { collection, ids, keys, filter } = propsValue;
    const fields = parseInput('Fields', propsValue.fields, z.array(z.string().min(1)).min(1));
    const { status } = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', collection, 'points', 'payload', 'delete'],
      query: { wait: true },
      body: compact({ keys: fields, ...readSelector(ids, keys, filter) }),
      schema: updateSchema,
    });
    return { collection, status };
  },
});
