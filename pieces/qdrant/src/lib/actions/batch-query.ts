import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, embeddingsOf, qdrantAuth } from '../auth';
import { embedTexts } from '../embeddings';
import { readFilter } from '../filter';
import { compact } from '../inputs';
import { collectionProp, withPayloadProp } from '../props';
import { queryResultSchema } from '../schemas';

const searchSchema = z.strictObject({
  text: z.string().min(1).optional(),
  vector: z.array(z.number()).min(1).optional(),
  vectorName: z.string().optional(),
  filter: z.record(z.string(), z.unknown()).optional(),
  limit: z.int().min(1).max(1000).optional(),
  scoreThreshold: z.number().optional(),
});
const searchesSchema = z.array(searchSchema).min(1).max(100);

export const batchQueryAction = createAction({
  name: 'batch_query',
  auth: qdrantAuth,
  displayName: 'Search in Batch',
  description: 'Runs up to 100 searches in one request',
  audience: 'both',
  aiMetadata: {
    description:
      'Runs many semantic searches on one collection at once and returns their results in order. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    searches: Property.Json({
      displayName: 'Searches',
      description:
        'A list, for example [{"text": "late invoice", "limit": 3}, {"vector": [0.1, 0.2], "filter": {"city": "Berlin"}}]. Also scoreThreshold and vectorName.',
      required: true,
      defaultValue: [{ text: '', limit: 10 }],
    }),
    withPayload: withPayloadProp,
  },
  outputSchema: {
    fields: [
      {
        key: 'results',
        label: 'Results',
        listItems: [
          { key: 'count', label: 'Count', format: 'number' },
          { key: 'points', label: 'Points' },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const searches = parseJsonProp('Searches', propsValue.searches, searchesSchema);
    const wrong = searches.findIndex(({ text, vector }) => (text === undefined) === (vector === undefined));
    if (wrong >= 0) {
      throw new BizError('BIZ_INPUT_INVALID', `Searches[${wrong}] needs a text or a vector, and not both.`);
    }
    const texts = searches.flatMap(({ text }) => (text === undefined ? [] : [text]));
    const embedded = (texts.length > 0 ? await embedTexts(embeddingsOf(auth.props), texts) : []).values();
    const results = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', propsValue.collection, 'points', 'query', 'batch'],
      body: {
        searches: searches.map((search) =>
          compact({
            query: search.vector ?? embedded.next().value,
            using: search.vectorName || undefined,
            filter: readFilter(search.filter),
            limit: search.limit ?? 10,
            score_threshold: search.scoreThreshold,
            with_payload: propsValue.withPayload ?? true,
          }),
        ),
      },
      schema: z.array(queryResultSchema),
    });
    return { results: results.map(({ points }) => ({ count: points.length, points })) };
  },
});
