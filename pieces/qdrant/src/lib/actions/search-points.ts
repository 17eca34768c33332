import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, qdrantAuth, type QdrantAuthProps } from '../auth';
import { queryVector } from '../bm25';
import type { QdrantClient } from '../client';
import { type Filter, readFilters } from '../filter';
import { explanations, type Fusion, hybridQuery, type HybridSearch, keywordVectorOf } from '../hybrid';
import { compact, readInteger, readQueryVector } from '../inputs';
import {
  collectionProp,
  filterFieldsProp,
  filterProp,
  keywordVectorProp,
  limitProp,
  optionalFieldProp,
  SCORED_POINTS_OUTPUT,
  scoreThresholdProp,
  vectorNameProp,
  withPayloadProp,
  withVectorsProp,
} from '../props';
import { groupsSchema, queryResultSchema, type ScoredPoint } from '../schemas';

export const searchPointsAction = createAction({
  name: 'search_points',
  auth: qdrantAuth,
  displayName: 'Search Points',
  description: 'Finds the points most like a text or a vector, by meaning, keywords or both',
  audience: 'both',
  aiMetadata: {
    description:
      'Search by meaning (a text embedded by the connection, or a vector), by keywords (BM25), or both fused (hybrid). Returns points best first with score and payload; hybrid ones with their ranks on either side. Optional filter, score threshold, paging and grouping. Read-only.',
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
      description:
        'Instead of a text: a list of numbers, or {"indices": […], "values": […]} for a sparse vector.',
      required: false,
    }),
    mode: Property.StaticDropdown<SearchMode, false>({
      displayName: 'Search By',
      description:
        'Meaning compares vectors; keywords finds the words themselves (BM25); both fuses the two, which is best for most questions.',
      required: false,
      defaultValue: 'meaning',
      options: {
        options: [
          { label: 'Meaning', value: 'meaning' },
          { label: 'Keywords', value: 'keywords' },
          { label: 'Both (hybrid)', value: 'hybrid' },
        ],
      },
    }),
    vectorName: vectorNameProp,
    keywordVector: keywordVectorProp,
    fusion: Property.StaticDropdown<Fusion, false>({
      displayName: 'Fusion',
      description:
        'How both sides become one list. RRF goes by ranks and suits nearly everything; DBSF goes by scores.',
      required: false,
      defaultValue: 'rrf',
      options: {
        options: [
          { label: 'Reciprocal rank fusion (RRF)', value: 'rrf' },
          { label: 'Distribution-based score fusion (DBSF)', value: 'dbsf' },
        ],
      },
    }),
    explain: Property.Checkbox({
      displayName: 'Explain',
      description: 'Hybrid only: adds to each point its rank and score by meaning and by keywords.',
      required: false,
      defaultValue: true,
    }),
    filterFields: filterFieldsProp,
    filter: filterProp,
    limit: limitProp,
    offset: Property.Number({
      displayName: 'Offset',
      description: 'Points to skip, for the next page.',
      required: false,
      defaultValue: 0,
    }),
    scoreThreshold: scoreThresholdProp,
    groupBy: optionalFieldProp(
      'Group By',
      'Payload field of which every value gives one group, for example the document of a passage.',
    ),
    groupSize: Property.Number({
      displayName: 'Group Size',
      description: 'Most points of a group.',
      required: false,
      defaultValue: 3,
    }),
    withPayload: withPayloadProp,
    withVectors: withVectorsProp,
  },
  outputSchema: {
    fields: [
      ...SCORED_POINTS_OUTPUT.fields,
      {
        key: 'points.explanation',
        label: 'Explanation',
        description: 'Hybrid only, of each point: fusion, and rank and score by meaning and by keywords',
      },
      { key: 'groups', label: 'Groups', description: 'Only with Group By: id and hits of each group' },
    ],
  },
  async run({ auth, propsValue }) {
    const { collection, groupBy } = propsValue;
    const client = clientOf(auth.props);
    const limit = readInteger('Limit', propsValue.limit, { min: 1, max: 1000, fallback: 10 });
    const offset = readInteger('Offset', propsValue.offset, { min: 0, max: 1_000_000, fallback: 0 });
    const filter = readFilters(propsValue.filter, propsValue.filterFields);
    const { query, explained } = await searchQuery({
      ...propsValue,
      auth: auth.props,
      client,
      filter,
      limit,
      offset,
    });
    const body = compact({
      ...query,
      limit,
      score_threshold: propsValue.scoreThreshold,
      with_payload: propsValue.withPayload ?? true,
      with_vector: propsValue.withVectors ?? false,
    });
    const explain =
      explained && (propsValue.explain ?? true)
        ? await explanations(client, collection, explained)
        : undefined;
    const withReasons = (points: ScoredPoint[]) =>
      explain ? points.map((point) => ({ ...point, explanation: explain(point.id) })) : points;
    const path = ['collections', collection, 'points', 'query'];
    if (groupBy) {
      const size = readInteger('Group Size', propsValue.groupSize, { min: 1, max: 100, fallback: 3 });
      const { groups } = await client.call({
        method: 'POST',
        path: [...path, 'groups'],
        body: { ...body, group_by: groupBy, group_size: size },
        schema: groupsSchema,
      });
      const shown = groups.map((group) => ({ ...group, hits: withReasons(group.hits) }));
      return { count: shown.length, points: shown.flatMap((group) => group.hits), groups: shown };
    }
    const { points } = await client.call({
      method: 'POST',
      path,
      body: { ...body, offset },
      schema: queryResultSchema,
    });
    return { count: points.length, points: withReasons(points) };
  },
});

type SearchMode = 'meaning' | 'keywords' | 'hybrid';

interface SearchInput {
  auth: QdrantAuthProps;
  client: QdrantClient;
  collection: string;
  mode?: SearchMode | undefined;
  text?: string | undefined;
  vector?: unknown;
  vectorName?: string | undefined;
  keywordVector?: string | undefined;
  fusion?: Fusion | undefined;
  filter: Filter | undefined;
  limit: number;
  offset: number;
}

/** The parts of the request that say what is searched; `explained` only for a hybrid search. */
async function searchQuery(
  input: SearchInput,
): Promise<{ query: Record<string, unknown>; explained?: HybridSearch }> {
  const { auth, client, collection, text, vector, filter, limit, offset } = input;
  const mode = parseInput('Search By', input.mode ?? 'meaning', z.enum(['meaning', 'keywords', 'hybrid']));
  const using = input.vectorName || undefined;
  if (mode === 'meaning') {
    return { query: { query: await readQueryVector(auth, text, vector), using, filter } };
  }
  const words = queryVector(parseInput('Text', text, z.string().trim().min(1)));
  const side = { query: words, using: await keywordVectorOf(client, collection, input.keywordVector) };
  const keywords = words.indices.length > 0 ? side : undefined;
  if (mode === 'keywords') {
    if (keywords) return { query: { ...keywords, filter } };
    throw new BizError('BIZ_INPUT_INVALID', '"Text" has no words to search for.');
  }
  const given = vector !== undefined && vector !== null && vector !== '';
  const dense = { query: await readQueryVector(auth, given ? undefined : text, vector), using };
  const fusion = parseInput('Fusion', input.fusion ?? 'rrf', z.enum(['rrf', 'dbsf']));
  const explained = { dense, keywords, fusion, filter, wanted: offset + limit };
  return { query: hybridQuery(explained), explained };
}
