import { API_KEY, TestServer, eventually, uniqueName } from './server';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ args: ['--optimize-idle', '0.5'] });
});
afterAll(() => server.endAndRemove());

const SIZE = 64;
/** A repeatable sequence of numbers in [-1, 1). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 1_073_741_824 - 1;
  };
}
const vectorOf = (id: number) => {
  const next = numbers(id + 1);
  for (let i = 0; i < 5; i += 1) next();
  return Array.from({ length: SIZE }, next);
};

async function create(): Promise<string> {
  const name = uniqueName();
  await server.client.createCollection(name, {
    vectors: { size: SIZE, distance: 'Cosine' },
    optimizers_config: { indexing_threshold: 200 },
    hnsw_config: { full_scan_threshold: 100 },
  });
  return name;
}

async function fill(name: string, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += 500) {
    const points = Array.from({ length: Math.min(500, to - start) }, (_, i) => start + i).map((id) => ({
      id,
      vector: vectorOf(id),
      payload: { n: id },
    }));
    await server.client.upsert(name, { wait: true, points });
  }
}

const optimized = (name: string) =>
  eventually(
    () => server.client.getCollection(name),
    (info) => info.status === 'green' && (info.indexed_vectors_count ?? 0) > 0,
  );

test('an index is built in the background: yellow before, green after, found vectors stay right', async () => {
  const name = await create();
  await fill(name, 0, 3000);
  const before = await server.client.getCollection(name);
  expect(before).toMatchObject({ status: 'yellow', indexed_vectors_count: 0, points_count: 3000 });
  const after = await optimized(name);
  expect(after).toMatchObject({ points_count: 3000, optimizer_status: 'ok' });
  expect(after.indexed_vectors_count).toBeGreaterThanOrEqual(2500);
  let hits = 0;
  for (let id = 0; id < 3000; id += 100) {
    const query = vectorOf(id);
    const exact = await server.client.query(name, { query, limit: 10, params: { exact: true } });
    const fast = await server.client.query(name, { query, limit: 10, params: { hnsw_ef: 128 } });
    expect(fast.points[0]?.id).toBe(id);
    hits += fast.points.filter((point) => exact.points.some((other) => other.id === point.id)).length;
  }
  expect(hits / 300).toBeGreaterThan(0.9);
});

test('writes of every kind during an optimization are all there after it, and reads go on meanwhile', async () => {
  const name = await create();
  await fill(name, 0, 4000);
  let optimizing = true;
  const done = optimized(name).finally(() => {
    optimizing = false;
  });
  let reads = 0;
  const reader = (async () => {
    while (optimizing) {
      const found = await server.client.query(name, { query: vectorOf(1500), limit: 1 });
      expect(found.points[0]?.id).toBe(1500);
      reads += 1;
    }
  })();
  let writes = 0;
  const writer = (async () => {
    while (optimizing && writes < 400) {
      const id = 10_000 + writes;
      await server.client.upsert(name, {
        wait: true,
        points: [{ id, vector: vectorOf(id), payload: { n: id } }],
      });
      await server.client.setPayload(name, { wait: true, payload: { touched: true }, points: [writes] });
      await server.client.delete(name, { wait: true, points: [2000 + writes] });
      writes += 1;
    }
  })();
  await Promise.all([done, reader, writer]);
  await optimized(name);
  expect(writes).toBeGreaterThan(0);
  expect(reads).toBeGreaterThan(0);
  expect((await server.client.count(name)).count).toBe(4000);
  expect(
    (await server.client.count(name, { filter: { must: [{ key: 'n', range: { gte: 10_000 } }] } })).count,
  ).toBe(writes);
  expect(
    (await server.client.count(name, { filter: { must: [{ key: 'touched', match: { value: true } }] } }))
      .count,
  ).toBe(writes);
  expect(await server.client.retrieve(name, { ids: [2000, 2000 + writes - 1] })).toEqual([]);
  const [last] = await server.client.retrieve(name, { ids: [10_000 + writes - 1] });
  expect(last?.payload).toEqual({ n: 10_000 + writes - 1 });
});

test('a collection can be deleted, reconfigured or given an index while it is optimized', async () => {
  const [gone, changed] = [await create(), await create()];
  await fill(gone, 0, 2000);
  await fill(changed, 0, 2000);
  await eventually(
    async () => await (await fetch(`${server.url}/metrics`, { headers: { 'api-key': API_KEY } })).text(),
    (text) => /collection_running_optimizations\{[^}]*\} 1/.test(text),
  );
  await server.client.deleteCollection(gone);
  await server.client.updateCollection(changed, { hnsw_config: { m: 12 } });
  await server.client.createPayloadIndex(changed, { wait: true, field_name: 'n', field_schema: 'integer' });
  const info = await optimized(changed);
  expect(info.config.hnsw_config.m).toBe(12);
  expect(info.payload_schema['n']).toMatchObject({ data_type: 'integer', points: 2000 });
  expect((await server.client.collectionExists(gone)).exists).toBe(false);
});
