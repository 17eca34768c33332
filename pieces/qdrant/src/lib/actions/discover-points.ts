import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, qdrantAuth } from '../auth';
import { readFilters } from '../filter';
import { idOfKey, type PointId, readId } from '../ids';
import { compact, readInteger, readQueryVector } from '../inputs';
import {
  collectionProp,
  filterFieldsProp,
  filterProp,
  limitProp,
  SCORED_POINTS_OUTPUT,
  vectorNameProp,
  withPayloadProp,
} from '../props';
import { queryResultSchema } from '../schemas';

const exampleSchema = z.union([
  z.strictObject({ key: z.union([z.string(), z.number()]) }).transform(({ key }): PointId => idOfKey(key)),
  z.strictObject({ id: z.union([z.string(), z.number()]) }).transform(({ id }): PointId => readId(id)),
]);
const contextSchema = z
  .array(z.strictObject({ positive: exampleSchema, negative: exampleSchema }))
  .min(1)
  .max(50);

export const discoverPointsAction = createAction({
  name: 'discover_points',
  auth: qdrantAuth,
  displayName: 'Discover Points',
  description: 'Searches within the part of the space that pairs of good and bad examples mark out',
  audience: 'both',
  aiMetadata: {
    description:
      'Returns points near a target text or vector that lie on the positive side of every example pair. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    text: Property.LongText({
      displayName: 'Text',
      description: 'What to look for. Needs an embeddings endpoint in the connection.',
      required: false,
    }),
    vector: Property.Json({
      displayName: 'Vector',
      description: 'Instead of a text: a list of numbers.',
      required: false,
    }),
    context: Property.Json({
      displayName: 'Example Pairs',
      description:
        'Pairs of stored points: [{"positive": {"key": "a"}, "negative": {"key": "b"}}]; id instead of key for Qdrant ids.',
      required: true,
    }),
    vectorName: vectorNameProp,
    filterFields: filterFieldsProp,
    filter: filterProp,
    limit: limitProp,
    withPayload: withPayloadProp,
  },
  outputSchema: SCORED_POINTS_OUTPUT,
  async run({ auth, propsValue }) {
    const context = parseJsonProp('Example Pairs', propsValue.context, contextSchema);
    const target = await readQueryVector(auth.props, propsValue.text, propsValue.vector);
    if (!Array.isArray(target)) {
      throw new BizError('BIZ_INPUT_INVALID', '"Vector" must be a list of numbers here.');
    }
    const { points } = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', propsValue.collection, 'points', 'query'],
      body: compact({
        query: { discover: { target, context } },
        using: propsValue.vectorName || undefined,
        filter: readFilters(propsValue.filter, propsValue.filterFields),
        limit: readInteger('Limit', propsValue.limit, { min: 1, max: 1000, fallback: 10 }),
        with_payload: propsValue.withPayload ?? true,
      }),
      schema: queryResultSchema,
    });
    return { count: points.length, points };
  },
});
