import { createAction, Property } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { bodyForPoint } from '../collection-body';
import { DISTANCES, ensureCollection } from '../collections';
import { readInteger } from '../inputs';
import { readPoints } from '../points-input';
import { collectionProp, keywordVectorProp, vectorNameProp } from '../props';
import { partialFailure, upsertPoints } from '../upsert';

export const upsertPointsAction = createAction({
  name: 'upsert_points',
  auth: qdrantAuth,
  displayName: 'Upsert Points',
  description:
    'Stores points: texts are embedded for you, or give vectors. The same key replaces the same point',
  audience: 'both',
  aiMetadata: {
    description:
      'Stores points in a collection. Each point has a key (any text; becomes a UUIDv5) or a Qdrant id, a text (embedded by the connection) or a vector, and a payload object. Repeating a call replaces the same points.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    points: Property.Json({
      displayName: 'Points',
      description:
        'A point or a list of them: {"key": "order-7", "text": "…", "payload": {…}}. Instead of key: id (unsigned integer or UUID). Instead of text: vector, a list of numbers, {"indices": […], "values": […]}, or vectors by name.',
      required: true,
      defaultValue: [{ key: 'my-key', text: 'Text to find it by', payload: {} }],
    }),
    textField: Property.ShortText({
      displayName: 'Text Field',
      description: 'Payload field that keeps the text. Empty: the text is not kept.',
      required: false,
      defaultValue: 'text',
    }),
    keyField: Property.ShortText({
      displayName: 'Key Field',
      description: 'Payload field that keeps your key. Empty: the key is not kept.',
      required: false,
      defaultValue: 'key',
    }),
    vectorName: vectorNameProp,
    keywordVector: keywordVectorProp,
    createCollection: Property.Checkbox({
      displayName: 'Create Collection',
      description: 'Creates the collection with the size of the first vector when it does not exist.',
      required: false,
      defaultValue: false,
    }),
    distance: Property.StaticDropdown<string, false>({
      displayName: 'Distance',
      description: 'Only for a collection that is created here.',
      required: false,
      defaultValue: 'Cosine',
      options: { options: DISTANCES.map((value) => ({ label: value, value })) },
    }),
    batchSize: Property.Number({
      displayName: 'Batch Size',
      description: 'Points per request, 1 to 256. Large payloads need fewer.',
      required: false,
      defaultValue: 128,
    }),
    parallel: Property.Number({
      displayName: 'Parallel Requests',
      description: 'Requests at the same time, 1 to 4.',
      required: false,
      defaultValue: 2,
    }),
    wait: Property.Checkbox({
      displayName: 'Wait',
      description: 'Waits until the points can be found. Off is faster for bulk loads.',
      required: false,
      defaultValue: true,
    }),
    keepGoing: Property.Checkbox({
      displayName: 'Report Failed Points',
      description:
        'Returns refused points in "failed" instead of failing the step. The others are stored either way.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'collection', label: 'Collection' },
      { key: 'upserted', label: 'Upserted', format: 'number' },
      { key: 'created', label: 'Collection created', format: 'boolean' },
      { key: 'ids', label: 'IDs', description: 'In the order of the points' },
      {
        key: 'failed',
        label: 'Failed',
        listItems: [
          { key: 'id', label: 'ID' },
          { key: 'code', label: 'Code' },
          { key: 'error', label: 'Error' },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const { collection, vectorName, keywordVector, textField, keyField } = propsValue;
    const batchSize = readInteger('Batch Size', propsValue.batchSize, { min: 1, max: 256, fallback: 128 });
    const parallel = readInteger('Parallel Requests', propsValue.parallel, { min: 1, max: 4, fallback: 2 });
    const client = clientOf(auth.props);
    const points = await readPoints(propsValue.points, {
      auth: auth.props,
      vectorName,
      keywordVector,
      textField,
      keyField,
    });
    let created = false;
    const create = async () => {
      const [first] = points;
      if (!first) return;
      const body = bodyForPoint(first, propsValue.distance);
      if (await ensureCollection(client, collection, body)) created = true;
    };
    const result = await upsertPoints(points, {
      client,
      collection,
      batchSize,
      parallel,
      wait: propsValue.wait ?? true,
      create: propsValue.createCollection ? create : undefined,
    });
    if (result.failed.length > 0 && !propsValue.keepGoing) throw partialFailure(collection, result);
    return { collection, ...result, created, ids: points.map(({ id }) => id) };
  },
});
