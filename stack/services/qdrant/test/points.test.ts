import { randomUUID } from 'node:crypto';
import { TestServer, errorOf, uniqueName } from './server';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.endAndRemove());

async function collection(): Promise<string> {
  const name = uniqueName();
  await server.client.createCollection(name, {
    vectors: {
      text: { size: 3, distance: 'Cosine' },
      tokens: { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
    },
    sparse_vectors: { words: { modifier: 'idf' } },
  });
  return name;
}

async function plain(
  points: { id: number | string; vector?: number[]; payload?: Record<string, unknown> }[],
) {
  const name = uniqueName();
  await server.client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
  await server.client.upsert(name, { points: points.map((point) => ({ vector: [1, 1], ...point })) });
  return name;
}

describe('upsert', () => {
  test('named, multi and sparse vectors come back as they went', async () => {
    const name = await collection();
    const id = randomUUID();
    const result = await server.client.upsert(name, {
      wait: true,
      points: [
        {
          id,
          vector: {
            text: [0, 3, 4],
            tokens: [
              [1, 2],
              [3, 4],
            ],
            words: { indices: [9, 2], values: [1, 0.5] },
          },
          payload: {
            name: 'Ada',
            tags: ['x', 'y'],
            nested: { deep: [1, { a: null }] },
            big: 9007199254740991,
          },
        },
        { id: 7, vector: { text: [1, 0, 0] } },
      ],
    });
    expect(result).toMatchObject({ status: 'completed', operation_id: expect.any(Number) as number });
    const [found] = await server.client.retrieve(name, { ids: [id], with_vector: true });
    expect(found?.id).toBe(id);
    expect(found?.payload).toEqual({
      name: 'Ada',
      tags: ['x', 'y'],
      nested: { deep: [1, { a: null }] },
      big: 9007199254740991,
    });
    const vector = found?.vector as Record<string, unknown>;
    expect(vector['tokens']).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(vector['words']).toEqual({ indices: [2, 9], values: [0.5, 1] });
    // Cosine vectors are kept at unit length, as Qdrant does.
    expect((vector['text'] as number[]).map((x) => Number(x.toFixed(5)))).toEqual([0, 0.6, 0.8]);
    const [other] = await server.client.retrieve(name, {
      ids: [7],
      with_vector: ['text'],
      with_payload: false,
    });
    expect(other).toEqual({ id: 7, vector: { text: [1, 0, 0] } });
  });

  test('the columnar batch form', async () => {
    const name = await collection();
    await server.client.upsert(name, {
      batch: {
        ids: [1, 2],
        vectors: {
          text: [
            [1, 0, 0],
            [0, 1, 0],
          ],
        },
        payloads: [{ n: 1 }, null],
      },
    });
    const found = await server.client.retrieve(name, { ids: [1, 2], with_vector: ['text'] });
    expect(found.map(({ id, payload, vector }) => ({ id, payload, vector }))).toEqual([
      { id: 1, payload: { n: 1 }, vector: { text: [1, 0, 0] } },
      { id: 2, payload: {}, vector: { text: [0, 1, 0] } },
    ]);
    const short = await server.send('PUT', `/collections/${name}/points`, {
      batch: { ids: [1, 2], vectors: { text: [[1, 0, 0]] } },
    });
    expect(short.status).toBe(422);
  });

  test('a bad vector in the middle leaves nothing of the batch behind', async () => {
    const name = await collection();
    const good = { text: [1, 0, 0] };
    for (const bad of [
      { text: [1, 2] },
      { unknown: [1, 2, 3] },
      { text: [1, 'a', 3] },
      { words: { indices: [1, 1], values: [1, 2] } },
      { words: { indices: [1], values: [1, 2] } },
      { words: { indices: [-1], values: [1] } },
      { tokens: [[1, 2], [3]] },
      { tokens: [] },
    ]) {
      const points = [
        { id: 1, vector: good },
        { id: 2, vector: bad },
        { id: 3, vector: good },
      ];
      const reply = await server.send('PUT', `/collections/${name}/points?wait=true`, { points });
      expect([reply.status, errorOf(reply)]).toEqual([
        400,
        expect.stringMatching(/^(Wrong input|Format error)/),
      ]);
    }
    expect((await server.client.count(name)).count).toBe(0);
  });

  test.each([
    ['a negative id', { points: [{ id: -1, vector: [1, 1] }] }],
    ['a fraction', { points: [{ id: 1.5, vector: [1, 1] }] }],
    ['a text that is no UUID', { points: [{ id: 'lead-1', vector: [1, 1] }] }],
    ['a boolean', { points: [{ id: true, vector: [1, 1] }] }],
    ['a payload that is no object', { points: [{ id: 1, vector: [1, 1], payload: 'x' }] }],
    ['neither points nor batch', {}],
    ['an unknown field', { points: [], colour: 1 }],
    ['broken JSON', '{"points": ['],
  ])('refuses %s', async (_, body) => {
    const name = await plain([]);
    const reply = await server.send('PUT', `/collections/${name}/points`, body);
    expect([reply.status, errorOf(reply)]).toEqual([
      400,
      expect.stringContaining('Format error in JSON body'),
    ]);
  });

  test('the forms of one UUID are one point', async () => {
    const id = randomUUID();
    const name = await plain([{ id }]);
    await server.client.upsert(name, {
      points: [
        { id: id.toUpperCase(), vector: [2, 2] },
        { id: id.replaceAll('-', ''), vector: [3, 3] },
      ],
    });
    const found = await server.client.scroll(name, { with_vector: true });
    expect(found.points).toEqual([expect.objectContaining({ id, vector: [3, 3] })]);
  });

  test('a condition or a mode decides which points are written', async () => {
    const name = await plain([{ id: 1, payload: { version: 5 } }]);
    const { client } = server;
    await client.upsert(name, {
      points: [{ id: 1, vector: [9, 9], payload: { version: 4 } }],
      update_filter: { must: [{ key: 'version', range: { lt: 4 } }] },
    });
    await client.upsert(name, { points: [{ id: 1, vector: [8, 8] }], update_mode: 'insert_only' });
    await client.upsert(name, { points: [{ id: 2, vector: [7, 7] }], update_mode: 'update_only' });
    expect((await client.scroll(name, { with_vector: true })).points).toEqual([
      expect.objectContaining({ id: 1, vector: [1, 1], payload: { version: 5 } }),
    ]);
  });

  test('documents for BM25 become sparse vectors; other inference is refused', async () => {
    const name = await collection();
    const document = (text: string) => ({ text, model: 'Qdrant/bm25' });
    await server.client.upsert(name, {
      points: [
        { id: 1, vector: { words: document('invoices are overdue') } },
        { id: 2, vector: { words: document('the canteen serves soup') } },
      ],
    });
    const found = await server.client.query(name, { query: document('overdue invoice'), using: 'words' });
    expect(found.points.map((point) => point.id)).toEqual([1]);
    const reply = await server.send('POST', `/collections/${name}/points/query`, {
      query: { text: 'x', model: 'openai/x' },
      using: 'words',
    });
    expect([reply.status, errorOf(reply)]).toEqual([501, expect.stringContaining('inference')]);
  });
});

describe('changing points', () => {
  test('payload: set, below a key, overwrite, delete, clear; by ids and by filter', async () => {
    const { client } = server;
    const name = await plain([
      { id: 1, payload: { a: 1, o: { x: 1 } } },
      { id: 2, payload: { a: 2 } },
      { id: 3, payload: { a: 3 } },
    ]);
    const payloads = async () => (await client.scroll(name)).points.map((point) => point.payload);
    await client.setPayload(name, { payload: { b: 1 }, points: [1, 2] });
    await client.setPayload(name, { payload: { y: 2 }, key: 'o', points: [1] });
    expect(await payloads()).toEqual([{ a: 1, b: 1, o: { x: 1, y: 2 } }, { a: 2, b: 1 }, { a: 3 }]);
    await client.overwritePayload(name, {
      payload: { only: true },
      filter: { must: [{ key: 'a', match: { value: 2 } }] },
    });
    expect(await payloads()).toEqual([{ a: 1, b: 1, o: { x: 1, y: 2 } }, { only: true }, { a: 3 }]);
    await client.deletePayload(name, { keys: ['b', 'o.x'], points: [1] });
    expect(await payloads()).toEqual([{ a: 1, o: { y: 2 } }, { only: true }, { a: 3 }]);
    await client.clearPayload(name, { points: [2, 3] });
    expect(await payloads()).toEqual([{ a: 1, o: { y: 2 } }, {}, {}]);
    const neither = await server.send('POST', `/collections/${name}/points/payload`, { payload: { z: 1 } });
    expect(neither.status).toBe(400);
    const missing = await server.send('POST', `/collections/${name}/points/payload`, {
      payload: { z: 1 },
      points: [99],
    });
    expect([missing.status, errorOf(missing)]).toEqual([404, 'Not found: No point with id 99']);
  });

  test('vectors: update some names, delete some names', async () => {
    const { client } = server;
    const name = await collection();
    await client.upsert(name, {
      points: [{ id: 1, vector: { text: [1, 0, 0], words: { indices: [1], values: [1] } } }],
    });
    await client.updateVectors(name, { points: [{ id: 1, vector: { text: [0, 0, 1] } }] });
    await client.deleteVectors(name, { points: [1], vector: ['words'] });
    expect((await client.retrieve(name, { ids: [1], with_vector: true }))[0]?.vector).toEqual({
      text: [0, 0, 1],
    });
    const unknown = await server.send('POST', `/collections/${name}/points/vectors/delete`, {
      points: [1],
      vector: ['nope'],
    });
    expect(unknown.status).toBe(400);
  });

  test('delete by ids, by filter, and by both', async () => {
    const { client } = server;
    const name = await plain([1, 2, 3, 4, 5].map((id) => ({ id, payload: { odd: id % 2 === 1 } })));
    const ids = async () => (await client.scroll(name)).points.map((point) => point.id);
    await client.delete(name, { wait: true, points: [1, 99] });
    expect(await ids()).toEqual([2, 3, 4, 5]);
    await server.send('POST', `/collections/${name}/points/delete`, {
      points: [2, 3],
      filter: { must: [{ key: 'odd', match: { value: true } }] },
    });
    expect(await ids()).toEqual([2, 4, 5]);
    await client.delete(name, { wait: true, filter: { must_not: [{ key: 'odd', match: { value: true } }] } });
    expect(await ids()).toEqual([5]);
    const neither = await server.send('POST', `/collections/${name}/points/delete`, {});
    expect(neither.status).toBe(400);
    expect(await ids()).toEqual([5]);
  });

  test('a batch of updates is applied in order, and not at all when one of them is malformed', async () => {
    const { client } = server;
    const name = await plain([]);
    const results = await client.batchUpdate(name, {
      operations: [
        {
          upsert: {
            points: [
              { id: 1, vector: [1, 1], payload: { a: 1 } },
              { id: 2, vector: [2, 2] },
            ],
          },
        },
        { set_payload: { payload: { b: 2 }, points: [1] } },
        { delete: { points: [2] } },
        { overwrite_payload: { payload: { c: 3 }, points: [1] } },
        { update_vectors: { points: [{ id: 1, vector: [5, 5] }] } },
      ],
    });
    expect(results).toHaveLength(5);
    expect((await client.scroll(name, { with_vector: true })).points).toEqual([
      expect.objectContaining({ id: 1, payload: { c: 3 }, vector: [5, 5] }),
    ]);
    const reply = await server.send('POST', `/collections/${name}/points/batch`, {
      operations: [{ delete: { points: [1] } }, { upsert: { points: [{ id: 3, vector: [1, 2, 3] }] } }],
    });
    expect(reply.status).toBe(400);
    expect((await client.count(name)).count).toBe(1);
  });

  test('a write without wait is acknowledged, and an unknown URL parameter refused', async () => {
    const name = await plain([]);
    const write = await server.send('PUT', `/collections/${name}/points?wait=false&ordering=strong`, {
      points: [{ id: 1, vector: [1, 1] }],
    });
    expect(write.body.result).toMatchObject({ status: 'acknowledged' });
    for (const parameter of ['wait=yes', 'ordering=odd', 'timeout=0', 'colour=red']) {
      const reply = await server.send('PUT', `/collections/${name}/points?${parameter}`, { points: [] });
      expect([parameter, reply.status]).toEqual([parameter, 400]);
    }
  });
});

describe('reading points', () => {
  test('retrieve and get: payload and vector selectors, missing points', async () => {
    const { client } = server;
    const name = await plain([{ id: 1, payload: { a: 1, b: { c: 2, d: 3 } } }]);
    const read = async (with_payload: boolean | string[] | { include: string[] } | { exclude: string[] }) =>
      (await client.retrieve(name, { ids: [1, 404], with_payload }))[0];
    expect(await read(true)).toEqual({ id: 1, payload: { a: 1, b: { c: 2, d: 3 } } });
    expect(await read(false)).toEqual({ id: 1 });
    expect(await read(['b.c'])).toEqual({ id: 1, payload: { b: { c: 2 } } });
    expect(await read({ include: ['a'] })).toEqual({ id: 1, payload: { a: 1 } });
    expect(await read({ exclude: ['b.c'] })).toEqual({ id: 1, payload: { a: 1, b: { d: 3 } } });
    expect((await server.send('GET', `/collections/${name}/points/1`)).body.result).toEqual({
      id: 1,
      payload: { a: 1, b: { c: 2, d: 3 } },
      vector: [1, 1],
    });
    expect((await server.send('GET', `/collections/${name}/points/2`)).status).toBe(404);
    expect((await server.send('GET', `/collections/${name}/points/x-y`)).status).toBe(400);
    expect((await server.send('GET', `/collections/missing/points/1`)).status).toBe(404);
  });

  test('scroll pages through everything once, integers before UUIDs', async () => {
    const { client } = server;
    const uuids = [randomUUID(), randomUUID()].sort();
    const name = await plain([
      ...Array.from({ length: 23 }, (_, id) => ({ id })),
      ...uuids.map((id) => ({ id })),
    ]);
    const seen: (string | number)[] = [];
    let offset: string | number | undefined;
    do {
      const page = await client.scroll(name, { limit: 5, ...(offset === undefined ? {} : { offset }) });
      seen.push(...page.points.map((point) => point.id));
      offset = typeof page.next_page_offset === 'object' ? undefined : page.next_page_offset;
    } while (offset !== undefined);
    expect(seen).toEqual([...Array.from({ length: 23 }, (_, id) => id), ...uuids]);
  });

  test('scroll in the order of a payload field', async () => {
    const { client } = server;
    const name = await plain(
      [3, 1, 2].map((n, id) => ({ id, payload: { n, at: `2024-0${n}-01T00:00:00Z` } })),
    );
    const unindexed = await server.send('POST', `/collections/${name}/points/scroll`, { order_by: 'n' });
    expect([unindexed.status, errorOf(unindexed)]).toEqual([400, expect.stringContaining('No range index')]);
    await client.createPayloadIndex(name, { wait: true, field_name: 'n', field_schema: 'integer' });
    await client.createPayloadIndex(name, { wait: true, field_name: 'at', field_schema: 'datetime' });
    const order = async (
      order_by: Parameters<typeof client.scroll>[1] extends infer A
        ? A extends { order_by?: infer O }
          ? O
          : never
        : never,
    ) => (await client.scroll(name, { order_by })).points.map((point) => point.payload?.['n']);
    expect(await order('n')).toEqual([1, 2, 3]);
    expect(await order({ key: 'n', direction: 'desc', start_from: 2 })).toEqual([2, 1]);
    expect(await order({ key: 'at', direction: 'asc', start_from: '2024-02-01T00:00:00Z' })).toEqual([2, 3]);
    expect((await client.scroll(name, { order_by: 'n', limit: 1 })).points[0]).toMatchObject({
      order_value: 1,
    });
  });

  test('count and facet', async () => {
    const { client } = server;
    const name = await plain(
      Array.from({ length: 12 }, (_, id) => ({
        id,
        payload: { city: ['Berlin', 'Rome', 'Oslo'][id % 3], n: id, tags: id < 4 ? ['a', 'b'] : ['a'] },
      })),
    );
    expect(await client.count(name)).toEqual({ count: 12 });
    expect(
      await client.count(name, { exact: true, filter: { must: [{ key: 'n', range: { gte: 3, lt: 8 } }] } }),
    ).toEqual({ count: 5 });
    expect((await client.count(name, { exact: false })).count).toBeGreaterThan(0);
    const unindexed = await server.send('POST', `/collections/${name}/facet`, { key: 'city' });
    expect(unindexed.status).toBe(400);
    await client.createPayloadIndex(name, { wait: true, field_name: 'city', field_schema: 'keyword' });
    await client.createPayloadIndex(name, { wait: true, field_name: 'tags', field_schema: 'keyword' });
    expect((await client.facet(name, { key: 'tags', exact: true })).hits).toEqual([
      { value: 'a', count: 12 },
      { value: 'b', count: 4 },
    ]);
    expect(
      (
        await client.facet(name, {
          key: 'city',
          exact: true,
          limit: 1,
          filter: { must: [{ key: 'n', match: { any: [1, 4, 5] } }] },
        })
      ).hits,
    ).toEqual([{ value: 'Rome', count: 2 }]);
  });
});

describe('payload indexes', () => {
  test('every type with its parameters is listed with its points, and can be dropped', async () => {
    const { client } = server;
    const name = await plain([
      {
        id: 1,
        payload: {
          k: 'a',
          i: 1,
          f: 1.5,
          g: { lon: 13.4, lat: 52.5 },
          t: 'Some text here',
          b: true,
          d: '2024-01-01T00:00:00Z',
          u: randomUUID(),
        },
      },
    ]);
    const schemas = {
      k: { type: 'keyword', is_tenant: true, on_disk: true },
      i: { type: 'integer', lookup: true, range: false, is_principal: false },
      f: { type: 'float', on_disk: true },
      g: { type: 'geo' },
      t: {
        type: 'text',
        tokenizer: 'word',
        lowercase: true,
        min_token_len: 2,
        max_token_len: 20,
        phrase_matching: true,
        stopwords: { languages: ['english'], custom: ['foo'] },
        stemmer: { type: 'snowball', language: 'english' },
      },
      b: { type: 'bool' },
      d: { type: 'datetime', is_principal: true },
      u: { type: 'uuid', is_tenant: false },
    } as const;
    for (const [field_name, field_schema] of Object.entries(schemas)) {
      const result = await server.send('PUT', `/collections/${name}/index?wait=true`, {
        field_name,
        field_schema,
      });
      expect([field_name, result.status, errorOf(result)]).toEqual([field_name, 200, '']);
    }
    const { payload_schema } = await client.getCollection(name);
    for (const [field, params] of Object.entries(schemas)) {
      expect(payload_schema[field]).toEqual({ data_type: params.type, points: 1, params });
    }
    await client.deletePayloadIndex(name, 'k');
    expect((await client.getCollection(name)).payload_schema).not.toHaveProperty('k');
    for (const field_schema of [
      'varchar',
      { type: 'text', tokenizer: 'letters' },
      { type: 'keyword', colour: 1 },
      { type: 'integer', lookup: false, range: false },
    ]) {
      expect(
        (await server.send('PUT', `/collections/${name}/index`, { field_name: 'x', field_schema })).status,
      ).toBe(400);
    }
    expect((await server.send('PUT', `/collections/${name}/index`, { field_name: 'x' })).status).toBe(501);
  });

  test('text: all words, any word, phrase, prefix', async () => {
    const { client } = server;
    const texts = ['quick brown fox', 'brown quick dog', 'lazy fox'];
    const name = await plain(texts.map((text, id) => ({ id, payload: { text } })));
    await client.createPayloadIndex(name, {
      wait: true,
      field_name: 'text',
      field_schema: { type: 'text', tokenizer: 'word', phrase_matching: true },
    });
    const ids = async (match: { text: string } | { text_any: string } | { phrase: string }) =>
      (await client.scroll(name, { filter: { must: [{ key: 'text', match }] } })).points.map(
        (point) => point.id,
      );
    expect(await ids({ text: 'fox quick' })).toEqual([0]);
    expect(await ids({ text_any: 'dog lazy' })).toEqual([1, 2]);
    expect(await ids({ phrase: 'quick brown' })).toEqual([0]);
  });
});
