import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError } from '@bizstack/piece-common';
import { clientOf, qdrantAuth } from '../auth';
import { readFilters } from '../filter';
import { readIds } from '../ids';
import { compact, readInteger } from '../inputs';
import {
  collectionProp,
  filterFieldsProp,
  filterProp,
  limitProp,
  SCORED_POINTS_OUTPUT,
  scoreThresholdProp,
  vectorNameProp,
  withPayloadProp,
} from '../props';
import { queryResultSchema } from '../schemas';

export const findSimilarAction = createAction({
  name: 'find_similar',
  auth: qdrantAuth,
  displayName: 'Find Similar',
  description: 'Finds the points most like a stored one, for example customers like this one',
  audience: 'both',
  aiMetadata: {
    description:
      'Returns the points nearest to one stored point, given by own key or Qdrant id; that point itself is left out. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    key: Property.ShortText({
      displayName: 'Key',
      description: 'Your own key of the stored point.',
      required: false,
    }),
    id: Property.ShortText({
      displayName: 'Point ID',
      description: 'Instead of a key.',
      required: false,
    }),
    vectorName: vectorNameProp,
    filterFields: filterFieldsProp,
    filter: filterProp,
    limit: limitProp,
    scoreThreshold: scoreThresholdProp,
    withPayload: withPayloadProp,
  },
  outputSchema: SCORED_POINTS_OUTPUT,
  async run({ auth, propsValue }) {
    const ids = readIds(propsValue.id ? [propsValue.id] : [], propsValue.key ? [propsValue.key] : []);
    const [query] = ids;
    if (query === undefined || ids.length > 1) {
      throw new BizError('BIZ_INPUT_INVALID', 'Give a key or a point ID, and not both.');
    }
    const { points } = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', propsValue.collection, 'points', 'query'],
      body: compact({
        query,
        using: propsValue.vectorName || undefined,
        filter: readFilters(propsValue.filter, propsValue.filterFields),
        limit: readInteger('Limit', propsValue.limit, { min: 1, max: 1000, fallback: 10 }),
        score_threshold: propsValue.scoreThreshold,
        with_payload: propsValue.withPayload ?? true,
      }),
      schema: queryResultSchema,
    });
    return { count: points.length, points };
  },
});
