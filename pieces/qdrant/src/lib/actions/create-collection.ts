import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { clientOf, qdrantAuth } from '../auth';
import { DISTANCES, ensureCollection, getCollection, vectorSize } from '../collections';
import { collectionBody, defaultSize } from '../collection-body';
import { readInteger } from '../inputs';
import { collectionNameProp } from '../props';

export const createCollectionAction = createAction({
  name: 'create_collection',
  auth: qdrantAuth,
  displayName: 'Create Collection',
  description: 'Creates a collection, or finds that it is there already',
  audience: 'both',
  aiMetadata: {
    description:
      'Creates a collection with one dense vector (unnamed or named) and optional sparse vectors. When it exists with the same vector size nothing changes and created is false.',
    idempotent: true,
  },
  props: {
    collection: collectionNameProp,
    size: Property.Number({
      displayName: 'Vector Size',
      description:
        'Dimensions of the dense vector. Leave empty to ask the embeddings model of the connection.',
      required: false,
    }),
    distance: Property.StaticDropdown<string, false>({
      displayName: 'Distance',
      description: 'How vectors are compared. Cosine suits nearly all text embeddings.',
      required: false,
      defaultValue: 'Cosine',
      options: { options: DISTANCES.map((value) => ({ label: value, value })) },
    }),
    vectorName: Property.ShortText({
      displayName: 'Vector Name',
      description:
        'Gives the dense vector a name, so that the collection can hold several. Usually left empty.',
      required: false,
    }),
    sparseVectors: Property.Array({
      displayName: 'Sparse Vectors',
      description: 'Names of sparse vectors, for keyword search beside the dense one.',
      required: false,
    }),
    onDisk: Property.Checkbox({
      displayName: 'Vectors on Disk',
      description: 'Keeps vectors on disk: less memory, slower search.',
      required: false,
      defaultValue: false,
    }),
    quantization: Property.StaticDropdown<string, false>({
      displayName: 'Quantization',
      description: 'Compresses vectors in memory: scalar to a quarter, binary to a thirty-second.',
      required: false,
      options: {
        options: [
          { label: 'None', value: 'none' },
          { label: 'Scalar (int8)', value: 'scalar' },
          { label: 'Binary', value: 'binary' },
        ],
      },
    }),
    tenantField: Property.ShortText({
      displayName: 'Tenant Field',
      description:
        'Payload field by which every search is filtered, for example a customer id. Gets a tenant index.',
      required: false,
    }),
    advanced: Property.Json({
      displayName: 'Advanced',
      description:
        'Further parts of the request, for example {"hnsw_config": {"m": 32}, "replication_factor": 2}.',
      required: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'collection', label: 'Collection' },
      { key: 'created', label: 'Created', format: 'boolean', description: 'False when it was there already' },
    ],
  },
  async run({ auth, propsValue }) {
    const { collection, vectorName, tenantField } = propsValue;
    const client = clientOf(auth.props);
    const fallback = propsValue.size ?? (await defaultSize(auth.props));
    const size = readInteger('Vector Size', propsValue.size, { min: 1, max: 65_535, fallback });
    const body = collectionBody({
      size,
      distance: propsValue.distance,
      vectorName,
      sparseVectors: (propsValue.sparseVectors ?? []).map(String),
      onDisk: propsValue.onDisk,
      quantization: propsValue.quantization,
      advanced: parseJsonProp('Advanced', propsValue.advanced ?? {}, jsonObjectSchema.optional()),
    });
    const created = await ensureCollection(client, collection, body);
    if (!created)
      checkSize(collection, size, vectorSize(await getCollection(client, collection), vectorName));
    if (tenantField) {
      await client.call({
        method: 'PUT',
        path: ['collections', collection, 'index'],
        query: { wait: true },
        body: { field_name: tenantField, field_schema: { type: 'keyword', is_tenant: true } },
        schema: jsonObjectSchema,
      });
    }
    return { collection, created };
  },
});

function checkSize(collection: string, wanted: number, found: number | undefined): void {
  if (wanted === found) return;
  throw new BizError(
    'BIZ_QDRANT_DIMENSION_MISMATCH',
    `The collection "${collection}" exists with ${found === undefined ? 'other vectors' : `${found} dimensions`}, not ${wanted}.`,
    { hint: 'Choose another name, or delete the collection first.' },
  );
}
