import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, embeddingsOf, qdrantAuth } from '../auth';
import { queryVector } from '../bm25';
import { embedTexts } from '../embeddings';
import { readFilter } from '../filter';
import { hybridQuery, keywordVectorOf } from '../hybrid';
import { compact, type Vector } from '../inputs';
import { collectionProp, withPayloadProp } from '../props';
import { queryResultSchema } from '../schemas';

const searchSchema = z.strictObject({
  text: z.string().trim().min(1).optional(),
  vector: z.array(z.number()).min(1).optional(),
  mode: z.enum(['meaning', 'keywords', 'hybrid']).default('meaning'),
  vectorName: z.string().optional(),
  /** Sparse vector for keywords; the only one of the collection if left out. */
  keywordVector: z.string().min(1).optional(),
  fusion: z.enum(['rrf', 'dbsf']).default('rrf'),
  filter: z.record(z.string(), z.unknown()).optional(),
  limit: z.int().min(1).max(1000).optional(),
  scoreThreshold: z.number().optional(),
});
const searchesSchema = z.array(searchSchema).min(1).max(100);

type Search = z.output<typeof searchSchema>;

/** @throws BizError `BIZ_INPUT_INVALID` naming the first search that lacks something. */
function checkSearches(searches: readonly Search[]): void {
  for (const [index, { mode, text, vector }] of searches.entries()) {
    const problem =
      mode !== 'meaning' && text === undefined
        ? `needs a text for the mode "${mode}"`
        : mode === 'keywords' && vector !== undefined
          ? 'searches by keywords and takes no vector'
          : mode === 'meaning' && (text === undefined) === (vector === undefined)
            ? 'needs a text or a vector, and not both'
            : undefined;
    if (problem !== undefined) throw new BizError('BIZ_INPUT_INVALID', `Searches[${index}] ${problem}.`);
    if (mode === 'keywords' && queryVector(text ?? '').indices.length === 0) {
      throw new BizError('BIZ_INPUT_INVALID', `Searches[${index}] has no words to search for.`);
    }
  }
}

/** What one search asks for; `dense` is its vector, given or embedded. */
function queryOf(
  search: Search,
  dense: Vector | undefined,
  keywordVector: string | undefined,
): Record<string, unknown> {
  const filter = readFilter(search.filter);
  const words = queryVector(search.text ?? '');
  const keywords = { query: words, using: keywordVector };
  if (search.mode === 'keywords') return { ...keywords, filter };
  if (dense === undefined) throw new Error('a search by meaning without a vector');
  const meaning = { query: dense, using: search.vectorName || undefined };
  if (search.mode === 'meaning') return { ...meaning, filter };
  return hybridQuery({
    dense: meaning,
    keywords: words.indices.length > 0 ? keywords : undefined,
    fusion: search.fusion,
    filter,
    wanted: search.limit ?? 10,
  });
}

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
        'A list, for example [{"text": "late invoice", "limit": 3}, {"vector": [0.1, 0.2], "filter": {"city": "Berlin"}}]. Also mode (meaning, keywords or hybrid), fusion, keywordVector, vectorName and scoreThreshold.',
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
    checkSearches(searches);
    const { collection } = propsValue;
    const client = clientOf(auth.props);
    const embeds = ({ mode, vector }: Search) => mode !== 'keywords' && vector === undefined;
    const texts = searches.filter(embeds).map(({ text }) => text ?? '');
    const embedded = (texts.length > 0 ? await embedTexts(embeddingsOf(auth.props), texts) : []).values();
    const onlyKeywordVector = searches.some(({ mode, keywordVector }) => mode !== 'meaning' && !keywordVector)
      ? await keywordVectorOf(client, collection, undefined)
      : undefined;
    const queries = searches.map((search) =>
      compact({
        ...queryOf(
          search,
          embeds(search) ? embedded.next().value : search.vector,
          search.keywordVector ?? onlyKeywordVector,
        ),
        limit: search.limit ?? 10,
        score_threshold: search.scoreThreshold,
        with_payload: propsValue.withPayload ?? true,
      }),
    );
    const results = await client.call({
      method: 'POST',
      path: ['collections', collection, 'points', 'query', 'batch'],
      body: { searches: queries },
      schema: z.array(queryResultSchema),
    });
    return { results: results.map(({ points }) => ({ count: points.length, points })) };
  },
});
