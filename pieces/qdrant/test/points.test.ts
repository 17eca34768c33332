import { randomUUID } from 'node:crypto';
import { pointId } from '@bizstack/contracts';
import { closedUrl, connection, failureOf, pointsOf, run, uniqueName } from './support';

const four = (index: number) => [Math.cos(index), Math.sin(index), 1, 0.5];

async function collectionOf(count: number): Promise<string> {
  const collection = uniqueName();
  const points = Array.from({ length: count }, (_, n) => ({
    key: `k${n}`,
    vector: four(n),
    payload: { n, even: n % 2 === 0, city: n < 3 ? 'Berlin' : 'Paris', tags: [`t${n % 3}`], price: n + 0.5 },
  }));
  await run('upsert_points', { collection, points, keyField: 'key', createCollection: true });
  return collection;
}

const texts = [
  {
    key: 'invoice',
    text: 'The invoice from the supplier is overdue and must be paid.',
    payload: { kind: 'finance' },
  },
  { key: 'holiday', text: 'We fly to the beach in summer with the children.', payload: { kind: 'private' } },
  { key: 'server', text: 'The database server crashed because the disk was full.', payload: { kind: 'it' } },
];

describe('texts', () => {
  test('are embedded, stored under the UUIDv5 of their key, and found by meaning', async () => {
    const collection = uniqueName();
    const upsert = () =>
      run('upsert_points', {
        collection,
        points: texts,
        textField: 'text',
        keyField: 'key',
        createCollection: true,
      });
    expect(await upsert()).toEqual({
      collection,
      upserted: 3,
      failed: [],
      created: true,
      ids: ['invoice', 'holiday', 'server'].map(pointId),
    });
    expect(await upsert()).toMatchObject({ upserted: 3, created: false });
    expect(await run('count_points', { collection })).toEqual({ count: 3 });

    const search = (text: string, more: Record<string, unknown> = {}) =>
      pointsOf('search_points', { collection, text, ...more });
    const [best] = await search('a bill that has not been settled');
    expect(best).toMatchObject({
      id: pointId('invoice'),
      payload: { ...texts[0]?.payload, key: 'invoice', text: texts[0]?.text },
    });
    expect((await search('hardware failure', { limit: 1 })).map((point) => point.payload?.['key'])).toEqual([
      'server',
    ]);
    expect(await search('vacation', { filter: { kind: 'it' } })).toHaveLength(1);
    expect(await search('vacation', { scoreThreshold: 0.99 })).toEqual([]);
  });

  test('go into a named vector beside given ones', async () => {
    const collection = uniqueName();
    const points = [{ key: 'a', text: 'apples and pears', vector: { picture: four(1) } }];
    await run('upsert_points', { collection, points, vectorName: 'words', createCollection: true });
    expect(await run('get_collection', { collection })).toMatchObject({
      vectors: expect.arrayContaining([
        { name: 'words', size: 384 },
        { name: 'picture', size: 4 },
      ]) as unknown,
    });
    expect(await pointsOf('search_points', { collection, text: 'fruit', vectorName: 'words' })).toHaveLength(
      1,
    );
    expect(
      await pointsOf('search_points', { collection, vector: four(1), vectorName: 'picture' }),
    ).toHaveLength(1);
  });
});

describe('upsert', () => {
  test('stores 1,000 points in chunks, in parallel, with the payload of each', async () => {
    const collection = uniqueName();
    const points = Array.from({ length: 1000 }, (_, n) => ({ id: n, vector: four(n), payload: { n } }));
    const output = await run('upsert_points', {
      collection,
      points,
      createCollection: true,
      batchSize: 64,
      parallel: 4,
    });
    expect(output).toMatchObject({ upserted: 1000, failed: [], created: true });
    expect(await run('count_points', { collection })).toEqual({ count: 1000 });
    const [point] = await pointsOf('get_points', { collection, ids: [777] });
    expect(point).toMatchObject({ id: 777, payload: { n: 777 } });
  });

  test('many runs may create the collection at once', async () => {
    const collection = uniqueName();
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        run('upsert_points', { collection, points: { key: n, vector: four(n) }, createCollection: true }),
      ),
    );
    expect(await run('count_points', { collection })).toEqual({ count: 8 });
  });

  test('stores the good points, names the bad ones, and says so as a failure unless told to report', async () => {
    const collection = await collectionOf(1);
    const bad = randomUUID();
    const points = [
      ...Array.from({ length: 40 }, (_, n) => ({ key: `good${n}`, vector: four(n) })),
      { id: bad, vector: [1, 2, 3] },
    ];
    const error = await failureOf(run('upsert_points', { collection, points }));
    expect(error.code).toBe('BIZ_QDRANT_PARTIAL_FAILURE');
    expect(error.message).toContain(`1 of 41 points were not stored`);
    expect(error.message).toContain(bad);
    expect(await run('count_points', { collection })).toEqual({ count: 41 });
    expect(await run('upsert_points', { collection, points, keepGoing: true })).toMatchObject({
      upserted: 40,
      failed: [{ id: bad }],
    });
  });

  test('takes a list of none', async () => {
    const collection = await collectionOf(1);
    expect(await run('upsert_points', { collection, points: [] })).toMatchObject({ upserted: 0, ids: [] });
  });

  test('the same id twice in one call counts once: the last', async () => {
    const collection = uniqueName();
    const points = [1, 2].map((n) => ({ key: 'same', vector: four(n), payload: { n } }));
    expect(await run('upsert_points', { collection, points, createCollection: true })).toMatchObject({
      upserted: 1,
    });
    expect((await pointsOf('get_points', { collection, keys: ['same'] }))[0]?.payload).toEqual({ n: 2 });
  });

  test('without Create Collection an unknown one is an error', async () => {
    const error = await failureOf(
      run('upsert_points', { collection: uniqueName(), points: [{ id: 1, vector: four(1) }] }),
    );
    expect(error.code).toBe('BIZ_QDRANT_NOT_FOUND');
  });

  test('a 10 MB payload is stored and comes back whole', async () => {
    const collection = await collectionOf(1);
    const note = 'ä'.repeat(5_000_000);
    await run('upsert_points', { collection, points: [{ key: 'big', vector: four(1), payload: { note } }] });
    const [point] = await pointsOf('get_points', { collection, keys: ['big'] });
    expect(point?.payload?.['note'] === note).toBe(true);
  });

  test.each([
    ['no id and no key', { vector: [1] }, 'needs an id or a key'],
    ['both id and key', { id: 1, key: 'a', vector: [1] }, 'not both'],
    ['an id that is neither number nor UUID', { id: 'lead-1', vector: [1] }, 'not a point id'],
    ['an empty key', { key: ' ', vector: [1] }, 'not a key'],
    ['neither text nor vector', { id: 1 }, 'neither a text nor a vector'],
    ['text and vector for one place', { id: 1, text: 'a', vector: [1] }, 'same place'],
    ['an unknown part', { id: 1, vector: [1], paylod: {} }, 'paylod'],
    ['a vector of words', { id: 1, vector: ['a'] }, 'Points[0].vector'],
  ])('refuses a point with %s', async (_, point, part) => {
    const error = await failureOf(run('upsert_points', { collection: 'unused', points: [point] }));
    expect(error.code).toBe('BIZ_INPUT_INVALID');
    expect(error.message).toContain(part);
  });
});

describe('reading', () => {
  test('gets points by key and id, and names the missing', async () => {
    const collection = await collectionOf(2);
    const missing = randomUUID();
    const output = await run('get_points', {
      collection,
      keys: ['k0'],
      ids: [pointId('k1'), missing],
      withVectors: true,
    });
    expect(output).toMatchObject({ count: 2, missing: [missing] });
  });

  test('scrolls page by page without loss or repetition, and all at once', async () => {
    const collection = await collectionOf(25);
    const seen: unknown[] = [];
    let offset: unknown;
    do {
      const page = (await run('scroll_points', { collection, limit: 10, offset })) as {
        points: { id: string }[];
        nextOffset: string | null;
      };
      seen.push(...page.points.map((point) => point.id));
      offset = page.nextOffset;
    } while (offset !== null);
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
    expect(await run('scroll_points', { collection, limit: 10_000 })).toMatchObject({
      count: 25,
      nextOffset: null,
    });
  });

  test('scrolls in the order of an indexed field', async () => {
    const collection = await collectionOf(5);
    await run('create_payload_index', { collection, field: 'n', type: 'integer' });
    const points = await pointsOf('scroll_points', { collection, orderBy: 'n', descending: true, limit: 3 });
    expect(points.map((point) => point.payload?.['n'])).toEqual([4, 3, 2]);
  });

  test.each([
    [{ city: 'Berlin' }, 3],
    [{ city: ['Berlin', 'Paris'], even: true }, 3],
    [{ n: { gte: 2, lt: 4 } }, 2],
    [{ tags: 't1' }, 2],
    [{ price: 2.5 }, 1],
    [{ owner: null }, 6],
    [{ must_not: [{ key: 'city', match: { value: 'Berlin' } }] }, 3],
    ['{"city": "Berlin"}', 3],
    [{}, 6],
  ])('counts with the filter %j', async (filter, count) => {
    const collection = await collectionOf(6);
    expect(await run('count_points', { collection, filter })).toEqual({ count });
  });

  test('groups the hits of a search', async () => {
    const collection = await collectionOf(6);
    const output = await run('search_points', { collection, vector: four(0), groupBy: 'city', groupSize: 2 });
    expect(output).toMatchObject({ count: 2, points: { length: 4 } });
  });

  test('pages through a search', async () => {
    const collection = await collectionOf(6);
    const page = async (offset: number) =>
      (await pointsOf('search_points', { collection, vector: four(0), limit: 3, offset })).map(
        ({ id }) => id,
      );
    expect(new Set([...(await page(0)), ...(await page(3))]).size).toBe(6);
  });

  test('counts the points of each value', async () => {
    const collection = await collectionOf(6);
    await run('create_payload_index', { collection, field: 'city', type: 'keyword' });
    expect(await run('facet_payload', { collection, field: 'city' })).toEqual({
      values: expect.arrayContaining([
        { value: 'Berlin', count: 3 },
        { value: 'Paris', count: 3 },
      ]) as unknown,
    });
  });

  test('finds what is like a stored point, without that point', async () => {
    const collection = await collectionOf(6);
    const points = await pointsOf('find_similar', { collection, key: 'k0', limit: 1 });
    expect(points).toHaveLength(1);
    expect(points[0]?.id).not.toBe(pointId('k0'));
  });

  test('recommends by liked and disliked points', async () => {
    const collection = await collectionOf(6);
    const points = await pointsOf('recommend_points', {
      collection,
      positiveKeys: ['k0'],
      negativeKeys: ['k3'],
      limit: 6,
    });
    const ids = points.map(({ id }) => id);
    expect(ids).toHaveLength(4);
    expect(ids).not.toContain(pointId('k0'));
    expect(ids).not.toContain(pointId('k3'));
  });
});

describe('several at once', () => {
  test('discovers within what example pairs mark out', async () => {
    const collection = await collectionOf(6);
    const context = [{ positive: { key: 'k0' }, negative: { id: pointId('k3') } }];
    const points = await pointsOf('discover_points', { collection, vector: four(1), context });
    expect(points.length).toBeGreaterThan(0);
    const error = await failureOf(run('discover_points', { collection, vector: four(1), context: [] }));
    expect(error.code).toBe('BIZ_INPUT_INVALID');
  });

  test('answers a batch of searches in order', async () => {
    const collection = await collectionOf(6);
    const searches = [0, 4].map((n) => ({ vector: four(n), limit: 1 }));
    expect(await run('batch_query', { collection, searches })).toMatchObject({
      results: [{ points: [{ id: pointId('k0') }] }, { points: [{ id: pointId('k4') }] }],
    });
    const error = await failureOf(run('batch_query', { collection, searches: [{ limit: 1 }] }));
    expect(error.message).toContain('Searches[0]');
  });
});

describe('changing', () => {
  test('sets, overwrites, removes and clears payload by key and by filter', async () => {
    const collection = await collectionOf(2);
    const payload = async () => (await pointsOf('get_points', { collection, keys: ['k0'] }))[0]?.payload;
    await run('set_payload', { collection, keys: ['k0'], payload: { score: 5, address: { zip: 1 } } });
    expect(await payload()).toMatchObject({ n: 0, score: 5 });
    await run('set_payload', { collection, keys: ['k0'], payload: { city: 'Rome' }, path: 'address' });
    expect(await payload()).toMatchObject({ address: { zip: 1, city: 'Rome' } });
    await run('delete_payload', { collection, filter: { n: 0 }, fields: ['address', 'tags'] });
    expect(Object.keys((await payload()) ?? {})).not.toContain('address');
    await run('overwrite_payload', { collection, keys: ['k0'], payload: { only: 1 } });
    expect(await payload()).toEqual({ only: 1 });
    await run('clear_payload', { collection, keys: ['k0'] });
    expect(await payload()).toEqual({});
  });

  test('previews, then deletes by filter and by key', async () => {
    const collection = await collectionOf(6);
    const filter = { city: 'Berlin' };
    expect(await run('delete_points', { collection, filter, preview: true })).toEqual({
      collection,
      matched: 3,
      deleted: false,
    });
    expect(await run('count_points', { collection })).toEqual({ count: 6 });
    expect(await run('delete_points', { collection, filter })).toEqual({
      collection,
      matched: 3,
      deleted: true,
    });
    expect(await run('delete_points', { collection, keys: ['k5', 'k0'] })).toEqual({
      collection,
      matched: 1,
      deleted: true,
    });
    expect(await run('count_points', { collection })).toEqual({ count: 2 });
  });

  test.each(['delete_points', 'set_payload', 'clear_payload'])(
    '%s refuses an empty selection',
    async (action) => {
      const collection = await collectionOf(1);
      for (const selection of [{}, { ids: [], keys: [] }, { filter: {} }, { filter: '' }]) {
        const error = await failureOf(run(action, { collection, payload: { a: 1 }, ...selection }));
        expect(error.message).toContain('No points are selected');
      }
      expect(await run('count_points', { collection })).toEqual({ count: 1 });
    },
  );
});

describe('failures', () => {
  test('a search vector of another length', async () => {
    const collection = await collectionOf(1);
    const error = await failureOf(run('search_points', { collection, vector: [1, 2] }));
    expect(error.code).toBe('BIZ_QDRANT_DIMENSION_MISMATCH');
  });

  test.each([
    [{}, 'Give a text or a vector'],
    [{ text: 'a', vector: [1] }, 'not both'],
    [{ text: '   ' }, 'Give a text or a vector'],
    [{ vector: { a: 1 } }, 'Vector'],
    [{ vector: [1, 1, 1, 1], limit: 0 }, 'Limit'],
    [{ vector: [1, 1, 1, 1], filter: { must: [], city: 'x' } }, 'mixes'],
    [{ vector: [1, 1, 1, 1], filter: { city: { near: 1 } } }, 'city'],
    [{ vector: [1, 1, 1, 1], filter: '{"city"' }, 'not valid JSON'],
  ])('a search with %j', async (props, part) => {
    const error = await failureOf(run('search_points', { collection: 'unused', ...props }));
    expect(error.code).toBe('BIZ_INPUT_INVALID');
    expect(error.message).toContain(part);
  });

  test('texts without an embeddings endpoint', async () => {
    const auth = { ...connection(), embeddingsModel: undefined };
    const error = await failureOf(run('search_points', { collection: 'unused', text: 'a' }, auth));
    expect(error.code).toBe('BIZ_EMBEDDINGS_NOT_CONFIGURED');
  });

  test('an unreachable server and a wrong key are told from each other, and no key is shown', async () => {
    const points = [{ id: 1, vector: [1, 2] }];
    const upsert = (auth: Partial<ReturnType<typeof connection>>) =>
      failureOf(run('upsert_points', { collection: 'unused', points }, { ...connection(), ...auth }));
    expect((await upsert({ url: await closedUrl() })).code).toBe('BIZ_QDRANT_UNREACHABLE');
    const wrong = await upsert({ apiKey: 'wrong-key-4' });
    expect(wrong.code).toBe('BIZ_QDRANT_UNAUTHORIZED');
    expect(wrong.message).not.toContain('wrong-key');
  });

  test('half a character, which is no UTF-8, refuses that point alone; all other text is stored as it is', async () => {
    const collection = await collectionOf(1);
    const odd = '\u0000\u001f\u007f\u2028\ufeff\u{10ffff}𝒳é';
    const output = await run('upsert_points', {
      collection,
      keepGoing: true,
      points: [
        { key: 'odd', vector: four(1), payload: { odd } },
        { key: 'broken', vector: four(2), payload: { text: 'half \ud800 character' } },
      ],
    });
    expect(output).toMatchObject({ upserted: 1, failed: [{ id: pointId('broken') }] });
    const [point] = await pointsOf('get_points', { collection, keys: ['odd'] });
    expect(point?.payload?.['odd']).toBe(odd);
  });

  test('a 10 MB text that is set as payload comes back whole', async () => {
    const collection = await collectionOf(1);
    const text = 'word '.repeat(2_000_000);
    await run('set_payload', { collection, keys: ['k0'], payload: { text } });
    const [point] = await pointsOf('get_points', { collection, keys: ['k0'] });
    expect(point?.payload?.['text'] === text).toBe(true);
  });

  test('a request over the limit of the server says what to change', async () => {
    const collection = await collectionOf(1);
    const points = [{ key: 'huge', vector: four(1), payload: { text: 'x'.repeat(40_000_000) } }];
    const error = await failureOf(run('upsert_points', { collection, points }));
    expect(error.code).toBe('BIZ_QDRANT_PARTIAL_FAILURE');
    expect(JSON.stringify(error.details)).toContain('BIZ_QDRANT_TOO_LARGE');
  });
});
