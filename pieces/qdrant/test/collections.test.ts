import { connection, failureOf, run, uniqueName } from './support';

test('creates, shows, lists and deletes a collection; every step twice', async () => {
  const collection = uniqueName();
  const create = () =>
    run('create_collection', { collection, size: 4, distance: 'Dot', sparseVectors: ['words'] });
  expect(await create()).toEqual({ collection, created: true });
  expect(await create()).toEqual({ collection, created: false });
  expect(await run('get_collection', { collection })).toMatchObject({
    name: collection,
    points: 0,
    vectors: [{ name: '', size: 4 }],
    sparseVectors: ['words'],
  });
  expect(await run('list_collections', {})).toMatchObject({
    collections: expect.arrayContaining([collection]) as unknown,
  });
  expect(await run('delete_collection', { collection })).toEqual({ collection, deleted: true });
  expect(await run('delete_collection', { collection })).toEqual({ collection, deleted: false });
});

test('many runs create one collection at once and one of them wins', async () => {
  const collection = uniqueName();
  const results = await Promise.all(
    Array.from({ length: 8 }, () => run('create_collection', { collection, size: 4 })),
  );
  expect(results.filter((result) => JSON.stringify(result).includes('"created":true'))).toHaveLength(1);
});

test('takes the size from the embeddings model', async () => {
  const collection = uniqueName();
  await run('create_collection', { collection });
  expect(await run('get_collection', { collection })).toMatchObject({ vectors: [{ name: '', size: 384 }] });
});

test('a tenant field gets an index', async () => {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 4, tenantField: 'customer' });
  expect(await run('get_collection', { collection })).toMatchObject({
    payloadIndexes: [{ field: 'customer', type: 'keyword' }],
  });
});

test('payload indexes are created twice without harm, and deleted', async () => {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 4 });
  await run('create_payload_index', { collection, field: 'n', type: 'integer' });
  await run('create_payload_index', { collection, field: 'n', type: 'integer' });
  expect(await run('get_collection', { collection })).toMatchObject({
    payloadIndexes: [{ field: 'n', type: 'integer' }],
  });
  await run('delete_payload_index', { collection, field: 'n' });
  expect(await run('get_collection', { collection })).toMatchObject({ payloadIndexes: [] });
});

test('refuses an existing collection of another size, naming both', async () => {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 4 });
  const error = await failureOf(run('create_collection', { collection, size: 5 }));
  expect(error.code).toBe('BIZ_QDRANT_DIMENSION_MISMATCH');
  expect(error.message).toMatch(/4 dimensions, not 5/);
});

test.each([
  ['size 0', { size: 0 }, 'BIZ_INPUT_INVALID'],
  ['an unknown distance', { size: 4, distance: 'Taxi' }, 'BIZ_INPUT_INVALID'],
  ['advanced JSON that is no object', { size: 4, advanced: '[1]' }, 'BIZ_INPUT_INVALID'],
])('refuses %s', async (_, props, code) => {
  const error = await failureOf(run('create_collection', { collection: uniqueName(), ...props }));
  expect(error.code).toBe(code);
});

test('asks for the size when there is no embeddings model', async () => {
  const auth = { ...connection(), embeddingsUrl: undefined };
  const error = await failureOf(run('create_collection', { collection: uniqueName() }, auth));
  expect(error.code).toBe('BIZ_EMBEDDINGS_NOT_CONFIGURED');
});

test('an unknown collection is named', async () => {
  const collection = uniqueName();
  const error = await failureOf(run('get_collection', { collection }));
  expect(error.code).toBe('BIZ_QDRANT_NOT_FOUND');
  expect(error.message).toContain(collection);
});

test("calls any endpoint, with the piece's errors", async () => {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 2 });
  expect(await run('custom_api_call', { method: 'GET', path: `/collections/${collection}` })).toMatchObject({
    status: 200,
    body: { result: { points_count: 0 } },
  });
  const call = (path: string) => run('custom_api_call', { method: 'GET', path });
  expect((await failureOf(call('/collections/no-such'))).code).toBe('BIZ_QDRANT_NOT_FOUND');
  expect((await failureOf(call('/collections/../secrets'))).code).toBe('BIZ_INPUT_INVALID');
});

test('an alias is set, switched, used and deleted', async () => {
  const [first, second, alias] = [uniqueName(), uniqueName(), uniqueName()];
  await run('create_collection', { collection: first, size: 2 });
  await run('create_collection', { collection: second, size: 3 });
  expect(await run('set_alias', { collection: first, alias })).toEqual({
    alias,
    collection: first,
    previous: null,
  });
  expect(await run('set_alias', { collection: second, alias })).toMatchObject({ previous: first });
  expect(await run('list_aliases', {})).toMatchObject({
    aliases: expect.arrayContaining([{ alias, collection: second }]) as unknown,
  });
  expect(await run('get_collection', { collection: alias })).toMatchObject({ vectors: [{ size: 3 }] });
  expect(await run('delete_alias', { alias })).toEqual({ alias, deleted: true });
  expect(await run('delete_alias', { alias })).toEqual({ alias, deleted: false });
});

test('settings are changed, and empty ones refused', async () => {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 2 });
  const settings = { optimizers_config: { indexing_threshold: 5000 } };
  expect(await run('update_collection', { collection, settings })).toEqual({ collection, updated: true });
  expect((await failureOf(run('update_collection', { collection, settings: {} }))).code).toBe(
    'BIZ_INPUT_INVALID',
  );
});

test('a snapshot is made and listed', async () => {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 2 });
  const snapshot = await run('create_snapshot', { collection });
  expect(await run('list_snapshots', { collection })).toEqual({ snapshots: [snapshot] });
});

test('named vectors, HNSW, quantization, disk and tenant settings reach the server', async () => {
  const collection = uniqueName();
  const props = {
    collection,
    vectors: {
      title: { size: 4, distance: 'Dot', hnswM: 24, hnswEfConstruct: 128 },
      picture: { size: 8, onDisk: true, datatype: 'float16' },
      pages: { size: 4, multivector: true },
    },
    sparseVectors: ['words'],
    onDiskPayload: true,
    hnswM: 32,
    hnswEfConstruct: 256,
    hnswOnDisk: true,
    quantization: 'scalar',
    tenantField: 'customer',
    graphPerTenant: true,
  };
  expect(await run('create_collection', props)).toEqual({ collection, created: true });
  expect(await run('create_collection', props)).toEqual({ collection, created: false });
  expect(await run('get_collection', { collection })).toMatchObject({
    payloadIndexes: [{ field: 'customer', type: 'keyword' }],
    sparseVectors: ['words'],
    config: {
      params: {
        on_disk_payload: true,
        vectors: {
          title: { size: 4, distance: 'Dot', hnsw_config: { m: 24, ef_construct: 128 } },
          picture: { size: 8, distance: 'Cosine', on_disk: true, datatype: 'float16' },
          pages: { size: 4, multivector_config: { comparator: 'max_sim' } },
        },
        sparse_vectors: { words: { modifier: 'idf' } },
      },
      hnsw_config: { m: 0, payload_m: 32, ef_construct: 256, on_disk: true },
      quantization_config: { scalar: { type: 'int8' } },
    },
  });
  const other = { ...props, vectors: { ...props.vectors, picture: { size: 9 } } };
  expect((await failureOf(run('create_collection', other))).message).toContain('8 dimensions, not 9');
});

test.each(['product', 'binary'])('%s quantization is asked for', async (quantization) => {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 8, quantization, onDisk: true });
  expect(await run('get_collection', { collection })).toMatchObject({
    config: {
      params: { vectors: { on_disk: true } },
      quantization_config: { [quantization]: expect.anything() as unknown },
    },
  });
});

test.each([
  ['a vector without a size', { vectors: { a: {} } }, 'size'],
  ['a misspelt setting', { vectors: { a: { size: 2, ondisk: true } } }, 'ondisk'],
  ['a graph per tenant without tenant', { size: 2, graphPerTenant: true }, 'Tenant Field'],
  ['a wrong number of links', { size: 2, hnswM: -1 }, 'HNSW Links'],
])('refuses %s', async (_, props, part) => {
  const error = await failureOf(run('create_collection', { collection: uniqueName(), ...props }));
  expect(error.code).toBe('BIZ_INPUT_INVALID');
  expect(error.message).toContain(part);
});
