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

export const recommendPointsAction = createAction({
  name: 'recommend_points',
  auth: qdrantAuth,
  displayName: 'Recommend Points',
  description: 'Finds points that resemble some points and differ from others',
  audience: 'both',
  aiMetadata: {
    description:
      'Returns points near the liked ones and far from the disliked ones, by Qdrant id or own key. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    positiveKeys: Property.Array({
      displayName: 'Liked Keys',
      description: 'Your own keys of points to resemble.',
      required: false,
    }),
    positiveIds: Property.Array({
      displayName: 'Liked IDs',
      description: 'Ids of points to resemble.',
      required: false,
    }),
    negativeKeys: Property.Array({
      displayName: 'Disliked Keys',
      description: 'Your own keys of points to stay away from.',
      required: false,
    }),
    negativeIds: Property.Array({
      displayName: 'Disliked IDs',
      description: 'Ids of points to stay away from.',
      required: false,
    }),
    strategy: Property.StaticDropdown<string, false>({
      displayName: 'Strategy',
      description: 'Average: one vector of all examples. Best score and sum: every example counts by itself.',
      required: false,
      defaultValue: 'average_vector',
      options: {
        options: [
          { label: 'Average vector', value: 'average_vector' },
          { label: 'Best score', value: 'best_score' },
          { label: 'Sum of scores', value: 'sum_scores' },
        ],
      },
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
    const positive = readIds(propsValue.positiveIds, propsValue.positiveKeys);
    const negative = readIds(propsValue.negativeIds, propsValue.negativeKeys);
    const strategy = propsValue.strategy ?? 'average_vector';
    if (positive.length === 0 && (strategy === 'average_vector' || negative.length === 0)) {
      throw new BizError('BIZ_INPUT_INVALID', 'Give at least one liked key or ID.');
    }
    const { points } = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', propsValue.collection, 'points', 'query'],
      body: compact({
        query: { recommend: { positive, negative, strategy } },
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
