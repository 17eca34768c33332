import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { clientOf, qdrantAuth, type QdrantAuthProps } from '../auth';
import { DISTANCES, ensureCollection, getCollection, vectorSize } from '../collections';
import { collectionBody, defaultSize, namedVectorsSchema } from '../collection-body';
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
      'Creates a collection with one dense vector, or several by name, and optional sparse vectors for keyword search. When it exists with the same vector sizes nothing changes and created is false.',
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
    vectors: Property.Json({
      displayName: 'Named Vectors',
      description:
        'Instead of the three above, for several dense vectors: {"title": {"size": 384}, "picture": {"size": 512, "distance": "Dot", "onDisk": true}}. Also multivector, datatype (float32, float16, uint8), hnswM, hnswEfConstruct.',
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
    onDiskPayload: Property.Checkbox({
      displayName: 'Payload on Disk',
      description: 'Keeps payloads on disk, except for indexed fields.',
      required: false,
    }),
    hnswM: Property.Number({
      displayName: 'HNSW Links (m)',
      description:
        'Links of each point in the graph, 16 by default. More finds better and needs more memory.',
      required: false,
    }),
    hnswEfConstruct: Property.Number({
      displayName: 'HNSW Build Width (ef_construct)',
      description:
        'Neighbours looked at while the graph is built, 100 by default. More finds better, builds slower.',
      required: false,
    }),
    hnswOnDisk: Property.Checkbox({
      displayName: 'HNSW Graph on Disk',
      description: 'Less memory, slower search.',
      required: false,
    }),
    quantization: Property.StaticDropdown<string, false>({
      displayName: 'Quantization',
      description:
        'Compresses vectors in memory: scalar to a quarter, product to a sixteenth, binary to a thirty-second.',
      required: false,
      options: {
        options: [
          { label: 'None', value: 'none' },
          { label: 'Scalar (int8)', value: 'scalar' },
          { label: 'Product (x16)', value: 'product' },
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
    graphPerTenant: Property.Checkbox({
      displayName: 'Graph per Tenant',
      description:
        'One graph for each tenant instead of one for all: for collections that are never searched without the tenant field.',
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
    const { collection, vectorName, tenantField, graphPerTenant } = propsValue;
    if (graphPerTenant && !tenantField) {
      throw new BizError('BIZ_INPUT_INVALID', '"Graph per Tenant" needs a "Tenant Field".');
    }
    const client = clientOf(auth.props);
    const named = parseJsonProp(
      'Named Vectors',
      emptyToUndefined(propsValue.vectors),
      namedVectorsSchema.optional(),
    );
    const single = named ? undefined : { size: await sizeOf(propsValue.size, auth.props), name: vectorName };
    const number = (name: string, value: number | undefined, min: number, max: number) =>
      value === undefined || value === null
        ? undefined
        : readInteger(name, value, { min, max, fallback: min });
    const body = collectionBody({
      vectors: named ?? { size: single?.size ?? 0, name: vectorName, distance: propsValue.distance },
      sparseVectors: (propsValue.sparseVectors ?? []).map(String),
      onDisk: propsValue.onDisk,
      onDiskPayload: propsValue.onDiskPayload ?? undefined,
      hnsw: {
        m: number('HNSW Links', propsValue.hnswM, 0, 1000),
        efConstruct: number('HNSW Build Width', propsValue.hnswEfConstruct, 4, 10_000),
        onDisk: propsValue.hnswOnDisk,
      },
      graphPerTenant,
      quantization: propsValue.quantization,
      advanced: parseJsonProp('Advanced', propsValue.advanced ?? {}, jsonObjectSchema.optional()),
    });
    const created = await ensureCollection(client, collection, body);
    if (!created) {
      const found = await getCollection(client, collection);
      const wanted = named
        ? Object.entries(named).map(([name, { size }]) => ({ name, size }))
        : [{ name: vectorName, size: single?.size ?? 0 }];
      for (const { name, size } of wanted) checkSize(collection, size, vectorSize(found, name));
    }
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

/** An empty JSON field comes as an empty object. */
function emptyToUndefined(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
    ? undefined
    : (value ?? undefined);
}

async function sizeOf(given: number | undefined, auth: QdrantAuthProps): Promise<number> {
  const fallback = given ?? (await defaultSize(auth));
  return readInteger('Vector Size', given, { min: 1, max: 65_535, fallback });
}

function checkSize(collection: string, wanted: number, found: number | undefined): void {
  if (wanted === found) return;
  throw new BizError(
    'BIZ_QDRANT_DIMENSION_MISMATCH',
    `The collection "${collection}" exists with ${found === undefined ? 'other vectors' : `${found} dimensions`}, not ${wanted}.`,
    { hint: 'Choose another name, or delete the collection first.' },
  );
}
