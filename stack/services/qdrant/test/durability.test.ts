import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestServer, eventually, newStorage, uniqueName } from './server';

const started: TestServer[] = [];

async function start(storage: string, args: string[] = []): Promise<TestServer> {
  const server = await TestServer.start({ storage, args });
  started.push(server);
  return server;
}
afterAll(async () => {
  for (const server of started) await server.endAndRemove();
});

const vectorOf = (id: number) => [id, id + 1, id + 2, id + 3];

test('what was acknowledged is there after kill -9: collections, aliases, indexes, points', async () => {
  const storage = newStorage();
  const first = await start(storage);
  const name = uniqueName();
  await first.client.createCollection(name, {
    vectors: { size: 4, distance: 'Dot' },
    metadata: { kept: true },
  });
  await first.client.createPayloadIndex(name, { wait: true, field_name: 'n', field_schema: 'integer' });
  await first.client.updateCollectionAliases({
    actions: [{ create_alias: { collection_name: name, alias_name: `${name}_alias` } }],
  });
  const points = Array.from({ length: 2000 }, (_, id) => ({
    id,
    vector: vectorOf(id),
    payload: { n: id, text: `lead ${id}` },
  }));
  await first.client.upsert(name, { wait: true, points });
  await first.client.setPayload(name, { wait: true, payload: { seen: true }, points: [1, 2] });
  await first.client.delete(name, { wait: true, points: [3] });
  await first.end('SIGKILL');

  const second = await start(storage);
  expect((await second.client.count(`${name}_alias`)).count).toBe(1999);
  const read = await second.client.scroll(name, { limit: 2000, with_vector: true });
  const expected = points
    .filter(({ id }) => id !== 3)
    .map((point) => ({
      ...point,
      payload: { ...point.payload, ...(point.id === 1 || point.id === 2 ? { seen: true } : {}) },
    }));
  expect(read.points).toEqual(expected);
  const info = await second.client.getCollection(name);
  expect(info.payload_schema['n']).toMatchObject({ data_type: 'integer', points: 1999 });
  expect(info.config.metadata).toEqual({ kept: true });
});

test('killed amid concurrent writers: every acknowledged point is there, whole', async () => {
  const storage = newStorage();
  // A low threshold and no idle time: the optimizer works all the while, so the kill hits it too.
  const args = ['--optimize-idle', '0'];
  const name = uniqueName();
  const acknowledged = new Set<number>();
  let nextId = 0;
  for (let round = 0; round < 3; round += 1) {
    const server = await start(storage, args);
    if (round === 0) {
      await server.client.createCollection(name, {
        vectors: { size: 4, distance: 'Dot' },
        optimizers_config: { indexing_threshold: 4 },
      });
    }
    const writers = Array.from({ length: 4 }, async () => {
      for (;;) {
        const ids = Array.from({ length: 25 }, () => nextId++);
        try {
          await server.client.upsert(name, {
            wait: true,
            points: ids.map((id) => ({ id, vector: vectorOf(id), payload: { n: id } })),
          });
        } catch {
          return;
        }
        for (const id of ids) acknowledged.add(id);
      }
    });
    const target = acknowledged.size + 1500;
    await eventually(
      async () => acknowledged.size,
      (size) => size >= target,
    );
    await server.end('SIGKILL');
    await Promise.all(writers);
  }
  const server = await start(storage, args);
  const found = new Map<number, unknown>();
  let offset: number | undefined;
  do {
    const page = await server.client.scroll(name, {
      limit: 1000,
      with_vector: true,
      ...(offset === undefined ? {} : { offset }),
    });
    for (const point of page.points) found.set(Number(point.id), point);
    offset = typeof page.next_page_offset === 'number' ? page.next_page_offset : undefined;
  } while (offset !== undefined);
  const missing = [...acknowledged].filter((id) => !found.has(id));
  expect(missing).toEqual([]);
  for (const [id, point] of found) expect(point).toEqual({ id, vector: vectorOf(id), payload: { n: id } });
  expect((await server.client.count(name)).count).toBe(found.size);
});

test('left-overs of a crash are removed and change nothing', async () => {
  const storage = newStorage();
  const first = await start(storage);
  const name = uniqueName();
  await first.client.createCollection(name, { vectors: { size: 4, distance: 'Dot' } });
  await first.client.upsert(name, { wait: true, points: [{ id: 1, vector: vectorOf(1) }] });
  await first.end('SIGKILL');
  const collections = join(storage, 'collections');
  const [directory = ''] = readdirSync(collections);
  // What a crash can leave: half-written new files, a half-made copy, a half-made collection.
  writeFileSync(join(collections, directory, '.collection.json.new'), '{"form');
  writeFileSync(join(storage, '.aliases.json.new'), '{');
  for (const left of [join(collections, directory, 'shard-99'), join(collections, '.new-abc')]) {
    mkdirSync(left);
    writeFileSync(join(left, 'part'), 'x');
  }
  const second = await start(storage);
  expect((await second.client.count(name)).count).toBe(1);
  expect(readdirSync(collections)).toEqual([directory]);
  expect(readdirSync(join(collections, directory)).toSorted()).toEqual(['collection.json', 'shard-1']);
  expect(JSON.parse(readFileSync(join(collections, directory, 'collection.json'), 'utf8'))).toMatchObject({
    name,
    shard: 'shard-1',
  });
});

test('SIGTERM answers the running requests, stores everything and exits 0', async () => {
  const storage = newStorage();
  const first = await start(storage);
  const name = uniqueName();
  await first.client.createCollection(name, { vectors: { size: 4, distance: 'Dot' } });
  const points = Array.from({ length: 3000 }, (_, id) => ({ id, vector: vectorOf(id) }));
  const writing = first.client.upsert(name, { wait: true, points }).then(
    () => true,
    () => false,
  );
  await eventually(
    () => first.client.count(name),
    ({ count }) => count > 0,
  );
  expect(await first.end('SIGTERM')).toBe(0);
  const second = await start(storage);
  if (await writing) expect((await second.client.count(name)).count).toBe(3000);
});

test('two servers cannot share a storage directory', async () => {
  const storage = newStorage();
  await start(storage);
  await expect(TestServer.start({ storage })).rejects.toThrow(/in use by another server/);
});
