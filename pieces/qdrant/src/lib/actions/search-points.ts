import { createAction, Property } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { readFilter } from '../filter';
import { compact, readInteger, readQueryVector } from '../inputs';
import {
  collectionProp,
  filterProp,
  limitProp,
  SCORED_POINTS_OUTPUT,
  scoreThresholdProp,
  vectorNameProp,
  withPayloadProp,
  withVectorsProp,
} from '../props';
import { groupsSchema, queryResultSchema } from '../schemas';

export const searchPointsAction = createAction({
  name: 'search_points',
  auth: qdrantAuth,
  displayName: 'Search Points',
  description: 'Finds the points most like a text or a vector',
  audience: 'both',
  aiMetadata: {
    description:
      'Semantic search: returns the points nearest to a text (embedded by the connection) or a vector, best first, with score and payload. Optional filter, score threshold, paging and grouping. Read-only.',
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
    vectorName: vectorNameProp,
    filter: filterProp,
    limit: limitProp,
    offset: Property.Number({
      displayName: 'Offset',
      description: 'Points to skip, for the next page.',
      required: false,
      defaultValue: 0,
    }),
    scoreThreshold: scoreThresholdProp,
    groupBy: Property.ShortText({
      displayName: 'Group By',
      description:
        'Payload field of which every value gives one group, for example the document of a passage.',
      required: false,
    }),
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
      { key: 'groups', label: 'Groups', description: 'Only with Group By: id and hits of each group' },
    ],
  },
  async run({ auth, propsValue }) {
    const { collection, groupBy } = propsValue;
    const client = clientOf(auth.props);
    const limit = readInteger('Limit', propsValue.limit, { min: 1, max: 1000, fallback: 10 });
    const offset = readInteger('Offset', propsValue.offset, { min: 0, max: 1_000_000, fallback: 0 });
    const body = compact({
      filter: readFilter(propsValue.filter),
      query: await readQueryVector(auth.props, propsValue.text, propsValue.vector),
      using: propsValue.vectorName || undefined,
      limit,
      score_threshold: propsValue.scoreThreshold,
      with_payload: propsValue.withPayload ?? true,
      with_vector: propsValue.withVectors ?? false,
    });
    const path = ['collections', collection, 'points', 'query'];
    if (groupBy) {
      const size = readInteger('Group Size', propsValue.groupSize, { min: 1, max: 100, fallback: 3 });
      const { groups } = await client.call({
        method: 'POST',
        path: [...path, 'groups'],
        body: { ...body, group_by: groupBy, group_size: size },
        schema: groupsSchema,
      });
      return { count: groups.length, points: groups.flatMap((group) => group.hits), groups };
    }
    const { points } = await client.call({
      method: 'POST',
      path,
      body: { ...body, offset },
      schema: queryResultSchema,
    });
    return { count: points.length, points };
  },
});
