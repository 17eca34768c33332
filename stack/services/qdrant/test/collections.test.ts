import { TestServer, errorOf, eventually, uniqueName } from './server';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.endAndRemove());

describe('collections', () => {
  test('create, list, exists, info, delete', async () => {
    const { client } = server;
    const name = uniqueName();
    expect((await client.collectionExists(name)).exists).toBe(false);
    expect(
      await client.createCollection(name, {
        vectors: { size: 4, distance: 'Cosine' },
        hnsw_config: { m: 8, ef_construct: 32 },
        optimizers_config: { indexing_threshold: 5000, flush_interval_sec: 1 },
        metadata: { owner: 'crm' },
      }),
    ).toBe(true);
    expect((await client.collectionExists(name)).exists).toBe(true);
    expect((await client.getCollections()).collections).toContainEqual({ name });
    const info = await client.getCollection(name);
    expect(info).toMatchObject({
      status: 'green',
      optimizer_status: 'ok',
      points_count: 0,
      indexed_vectors_count: 0,
      payload_schema: {},
      config: {
        params: { vectors: { size: 4, distance: 'Cosine' }, shard_number: 1, replication_factor: 1 },
        hnsw_config: { m: 8, ef_construct: 32, full_scan_threshold: 10_000 },
        optimizer_config: { indexing_threshold: 5000, flush_interval_sec: 1 },
        metadata: { owner: 'crm' },
      },
    });
    expect(await client.deleteCollection(name)).toBe(true);
    expect((await client.collectionExists(name)).exists).toBe(false);
    await expect(client.getCollection(name)).rejects.toThrow(/Not Found|404/i);
    expect((await server.send('DELETE', `/collections/${name}`)).body.result).toBe(false);
  });

  test('the same name twice is a conflict', async () => {
    const name = uniqueName();
    await server.client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    const reply = await server.send('PUT', `/collections/${name}`, { vectors: { size: 2, distance: 'Dot' } });
    expect(reply.status).toBe(409);
    expect(errorOf(reply)).toContain(`Collection \`${name}\` already exists`);
  });

  test('names may hold any letters, but no path characters', async () => {
    const name = `${uniqueName()} 客户 & more`;
    await server.client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    await server.client.upsert(name, { points: [{ id: 1, vector: [1, 0] }] });
    expect((await server.client.count(name)).count).toBe(1);
    for (const bad of ['a%2Fb', '..%2F..%2Fetc', 'a%00b', 'x'.repeat(256)]) {
      const reply = await server.send('PUT', `/collections/${bad}`, {
        vectors: { size: 2, distance: 'Dot' },
      });
      expect([bad, reply.status]).toEqual([bad, 422]);
    }
  });

  test.each([
    ['an unknown distance', { vectors: { size: 2, distance: 'Hamming' } }, 400, /distance|Hamming/],
    ['size 0', { vectors: { size: 0, distance: 'Dot' } }, 400, /size/],
    ['an unknown field', { vectors: { size: 2, distance: 'Dot' }, colour: 'red' }, 400, /colour/],
    ['two shards', { vectors: { size: 2, distance: 'Dot' }, shard_number: 2 }, 501, /shard_number/],
    [
      'two replicas',
      { vectors: { size: 2, distance: 'Dot' }, replication_factor: 2 },
      501,
      /replication_factor/,
    ],
    [
      'custom sharding',
      { vectors: { size: 2, distance: 'Dot' }, sharding_method: 'custom' },
      501,
      /sharding_method/,
    ],
    [
      'WAL settings',
      { vectors: { size: 2, distance: 'Dot' }, wal_config: { wal_capacity_mb: 1 } },
      501,
      /wal_config/,
    ],
    [
      'strict mode',
      { vectors: { size: 2, distance: 'Dot' }, strict_mode_config: { enabled: true } },
      501,
      /strict_mode/,
    ],
    [
      'memmap threshold',
      { vectors: { size: 2, distance: 'Dot' }, optimizers_config: { memmap_threshold: 1 } },
      501,
      /memmap_threshold/,
    ],
    ['an unknown datatype', { vectors: { size: 2, distance: 'Dot', datatype: 'turbo4' } }, 501, /turbo4/],
    [
      'an unknown quantization',
      { vectors: { size: 2, distance: 'Dot' }, quantization_config: { x: {} } },
      400,
      /quant/,
    ],
  ])('create refuses %s', async (_, body, status, message) => {
    const name = uniqueName();
    const reply = await server.send('PUT', `/collections/${name}`, body);
    expect(reply.status).toBe(status);
    expect(errorOf(reply)).toMatch(message);
    expect((await server.client.collectionExists(name)).exists).toBe(false);
  });

  test('update changes HNSW, optimizer and metadata, and keeps the points', async () => {
    const { client } = server;
    const name = uniqueName();
    await client.createCollection(name, {
      vectors: { v: { size: 2, distance: 'Dot' } },
      metadata: { a: 1, b: 2 },
    });
    await client.upsert(name, { points: [{ id: 1, vector: { v: [1, 2] } }] });
    await client.updateCollection(name, {
      hnsw_config: { m: 24 },
      optimizers_config: { indexing_threshold: 1234 },
      vectors: { v: { hnsw_config: { ef_construct: 64 } } },
      metadata: { b: null, c: 3 },
    });
    const { config } = await client.getCollection(name);
    expect(config).toMatchObject({
      hnsw_config: { m: 24 },
      optimizer_config: { indexing_threshold: 1234 },
      params: { vectors: { v: { size: 2, hnsw_config: { ef_construct: 64 } } } },
      metadata: { a: 1, c: 3 },
    });
    expect((await client.retrieve(name, { ids: [1], with_vector: true }))[0]?.vector).toEqual({ v: [1, 2] });
    const reply = await server.send('PATCH', `/collections/${name}`, { params: { replication_factor: 3 } });
    expect(reply.status).toBe(501);
  });

  test('vector names can be added and removed', async () => {
    const { client } = server;
    const name = uniqueName();
    await client.createCollection(name, { vectors: { a: { size: 2, distance: 'Dot' } } });
    await client.upsert(name, { points: [{ id: 1, vector: { a: [1, 2] } }] });
    await client.createVectorName(name, 'b', { dense: { size: 3, distance: 'Cosine' } });
    await client.createVectorName(name, 's', { sparse: { modifier: 'idf' } });
    await client.updateVectors(name, {
      points: [{ id: 1, vector: { b: [1, 0, 0], s: { indices: [7, 3], values: [1, 2] } } }],
    });
    const [point] = await client.retrieve(name, { ids: [1], with_vector: true });
    expect(point?.vector).toEqual({ a: [1, 2], b: [1, 0, 0], s: { indices: [3, 7], values: [2, 1] } });
    expect((await client.getCollection(name)).config.params.vectors).toHaveProperty('b.size', 3);
    await client.deleteVectorName(name, 'b');
    expect((await client.retrieve(name, { ids: [1], with_vector: true }))[0]?.vector).not.toHaveProperty('b');
    const reply = await server.send('PUT', `/collections/${name}/vectors/a`, {
      dense: { size: 2, distance: 'Dot' },
    });
    expect(reply.status).toBe(409);
  });
});

describe('quantization', () => {
  test.each([
    ['scalar', { scalar: { type: 'int8' as const, quantile: 0.99 } }],
    ['product', { product: { compression: 'x4' as const } }],
    ['binary', { binary: { always_ram: true } }],
    ['turbo', { turbo: { bits: 'bits4' as const } }],
  ])('%s is built into the index and found vectors are rescored', async (_, quantization) => {
    const { client } = server;
    const name = uniqueName();
    await client.createCollection(name, {
      vectors: { size: 32, distance: 'Cosine' },
      quantization_config: quantization,
      optimizers_config: { indexing_threshold: 10 },
      hnsw_config: { full_scan_threshold: 10 },
    });
    const points = Array.from({ length: 400 }, (_, id) => ({
      id,
      vector: Array.from({ length: 32 }, (_, k) => Math.sin(id * 1.7 + k * (1 + (id % 13)))),
    }));
    await client.upsert(name, { points });
    await eventually(
      () => client.getCollection(name),
      (info) => info.status === 'green' && (info.indexed_vectors_count ?? 0) > 0,
    );
    const query = points[123]?.vector;
    const params = { quantization: { rescore: true, oversampling: 4 } };
    const found = await client.query(name, { query, limit: 1, params });
    expect(found.points[0]?.id).toBe(123);
    expect(found.points[0]?.score).toBeCloseTo(1, 4);
    expect((await client.getCollection(name)).config.quantization_config).toMatchObject(quantization);
  });
});

describe('aliases', () => {
  test('create, use, list, rename, delete', async () => {
    const { client } = server;
    const [name, alias, renamed] = [uniqueName(), uniqueName('alias'), uniqueName('alias')];
    await client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    await client.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: name, alias_name: alias } }],
    });
    await client.upsert(alias, { points: [{ id: 1, vector: [1, 1] }] });
    expect((await client.count(name)).count).toBe(1);
    expect((await client.collectionExists(alias)).exists).toBe(true);
    await client.updateCollectionAliases({
      actions: [{ rename_alias: { old_alias_name: alias, new_alias_name: renamed } }],
    });
    expect((await client.getCollectionAliases(name)).aliases).toEqual([
      { alias_name: renamed, collection_name: name },
    ]);
    expect((await client.getAliases()).aliases).toContainEqual({
      alias_name: renamed,
      collection_name: name,
    });
    await client.updateCollectionAliases({ actions: [{ delete_alias: { alias_name: renamed } }] });
    expect((await client.getCollectionAliases(name)).aliases).toEqual([]);
  });

  test('actions are applied all or none, and a switch is one step', async () => {
    const { client } = server;
    const [first, second, alias] = [uniqueName(), uniqueName(), uniqueName('alias')];
    for (const name of [first, second])
      await client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    await client.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: first, alias_name: alias } }],
    });
    await expect(
      client.updateCollectionAliases({
        actions: [
          { delete_alias: { alias_name: alias } },
          { create_alias: { collection_name: 'missing', alias_name: alias } },
        ],
      }),
    ).rejects.toThrow();
    expect((await client.getCollectionAliases(first)).aliases).toHaveLength(1);
    await client.updateCollectionAliases({
      actions: [
        { delete_alias: { alias_name: alias } },
        { create_alias: { collection_name: second, alias_name: alias } },
      ],
    });
    expect((await client.getCollectionAliases(second)).aliases).toHaveLength(1);
  });

  test('an alias cannot take the name of a collection, nor a collection that of an alias', async () => {
    const { client } = server;
    const [name, alias] = [uniqueName(), uniqueName('alias')];
    await client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    const same = await server.send('POST', '/collections/aliases', {
      actions: [{ create_alias: { collection_name: name, alias_name: name } }],
    });
    expect(same.status).toBe(409);
    await client.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: name, alias_name: alias } }],
    });
    const taken = await server.send('PUT', `/collections/${alias}`, {
      vectors: { size: 2, distance: 'Dot' },
    });
    expect(taken.status).toBe(400);
    await client.deleteCollection(name);
    expect((await client.getAliases()).aliases).not.toContainEqual({
      alias_name: alias,
      collection_name: name,
    });
  });
});
