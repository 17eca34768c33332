import { createAction } from '@activepieces/pieces-framework';
import { BizError } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, qdrantAuth } from '../auth';
import { readIds } from '../ids';
import { collectionProp, idsProp, keysProp, POINTS_OUTPUT, withPayloadProp, withVectorsProp } from '../props';
import { recordSchema } from '../schemas';

export const getPointsAction = createAction({
  name: 'get_points',
  auth: qdrantAuth,
  displayName: 'Get Points',
  description: 'Fetches points by their ids or your own keys',
  audience: 'both',
  aiMetadata: {
    description:
      'Returns points by Qdrant id or own key, and the ids that do not exist in "missing". Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    ids: idsProp,
    keys: keysProp,
    withPayload: withPayloadProp,
    withVectors: withVectorsProp,
  },
  outputSchema: {
    fields: [
      ...POINTS_OUTPUT.fields,
      { key: 'missing', label: 'Missing', description: 'Ids that do not exist' },
    ],
  },
  async run({ auth, propsValue }) {
    const ids = readIds(propsValue.ids, propsValue.keys);
    if (ids.length === 0) throw new BizError('BIZ_INPUT_INVALID', 'Give at least one point ID or key.');
    const points = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', propsValue.collection, 'points'],
      body: {
        ids,
        with_payload: propsValue.withPayload ?? true,
        with_vector: propsValue.withVectors ?? false,
      },
      schema: z.array(recordSchema),
    });
    const found = new Set(points.map((point) => point.id));
    return { count: points.length, points, missing: ids.filter((id) => !found.has(id)) };
  },
});
