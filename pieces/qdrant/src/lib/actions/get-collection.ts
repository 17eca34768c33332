import { createAction } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { getCollection, vectorNames, vectorSize } from '../collections';
import { collectionProp } from '../props';

export const getCollectionAction = createAction({
  name: 'get_collection',
  auth: qdrantAuth,
  displayName: 'Get Collection',
  description: 'Shows size, vectors and indexed payload fields of a collection',
  audience: 'both',
  aiMetadata: {
    description:
      'Returns status, number of points, vectors (name, size, distance) and payload indexes. Read-only.',
    idempotent: true,
  },
  props: { collection: collectionProp },
  outputSchema: {
    fields: [
      { key: 'name', label: 'Name' },
      { key: 'status', label: 'Status', description: 'green, yellow, grey or red' },
      { key: 'points', label: 'Points', format: 'number' },
      {
        key: 'vectors',
        label: 'Vectors',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'size', label: 'Size', format: 'number' },
        ],
      },
      {
        key: 'payloadIndexes',
        label: 'Payload indexes',
        listItems: [
          { key: 'field', label: 'Field' },
          { key: 'type', label: 'Type' },
        ],
      },
      { key: 'config', label: 'Configuration' },
    ],
  },
  async run({ auth, propsValue: { collection } }) {
    const info = await getCollection(clientOf(auth.props), collection);
    return {
      name: collection,
      status: info.status,
      points: info.points_count ?? 0,
      vectors: vectorNames(info).map((name) => ({ name, size: vectorSize(info, name) })),
      sparseVectors: Object.keys(info.config.params.sparse_vectors ?? {}),
      payloadIndexes: Object.entries(info.payload_schema ?? {}).map(([field, { data_type: type }]) => ({
        field,
        type,
      })),
      config: info.config,
    };
  },
});
