import { TestServer, errorOf, uniqueName } from './server';

let server: TestServer;
let name: string;

const BM25_FREE = { indices: [1, 2], values: [1, 1] };

/** Ten points on a quarter circle: point n lies at n·10 degrees. */
const angle = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
const ids = (points: { id: string | number }[]) => points.map((point) => point.id);

beforeAll(async () => {
  server = await TestServer.start();
  const { client } = server;
  name = uniqueName();
  await client.createCollection(name, {
    vectors: {
      dir: { size: 2, distance: 'Cosine' },
      parts: { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
    },
    sparse_vectors: { words: {} },
  });
  await client.upsert(name, {
    points: Array.from({ length: 10 }, (_, n) => ({
      id: n,
      vector: {
        dir: angle(n * 10),
        parts: [angle(n * 10), [0, n]],
        words: { indices: [n % 3, 10 + n], values: [1 + n, 1] },
      },
      payload: {
        n,
        team: ['red', 'green', 'blue'][n % 3],
        tags: n % 2 ? ['odd', 'all'] : ['all'],
        place: { lon: n, lat: 0 },
        at: `2024-01-0${n + 1}T00:00:00Z`,
        good: n > 4,
      },
    })),
  });
  await client.createPayloadIndex(name, { wait: true, field_name: 'n', field_schema: 'integer' });
});
afterAll(() => server.endAndRemove());

describe('nearest', () => {
  test('by vector, by id, in a filter, with a threshold, an offset and a limit', async () => {
    const { client } = server;
    const ask = async (more: Parameters<typeof client.query>[1]) =>
      ids((await client.query(name, { using: 'dir', ...more })).points);
    expect(await ask({ query: angle(31), limit: 3 })).toEqual([3, 4, 2]);
    expect(await ask({ query: angle(31), limit: 2, offset: 1 })).toEqual([4, 2]);
    // A point that the query names is not among its own neighbours.
    expect((await ask({ query: 5, limit: 2 })).toSorted()).toEqual([4, 6]);
    expect(
      await ask({ query: angle(0), filter: { must: [{ key: 'team', match: { value: 'blue' } }] } }),
    ).toEqual([2, 5, 8]);
    expect(await ask({ query: angle(0), score_threshold: Math.cos((25 * Math.PI) / 180) })).toEqual([
      0, 1, 2,
    ]);
    expect(
      await ask({ query: { nearest: angle(90) }, limit: 1, params: { exact: true, hnsw_ef: 64 } }),
    ).toEqual([9]);
    expect(await ask({ query: angle(0), filter: { must: [{ has_id: [7, 8] }] } })).toEqual([7, 8]);
    expect(
      await ask({ query: angle(0), filter: { must: [{ key: 'good', match: { value: true } }] }, limit: 2 }),
    ).toEqual([5, 6]);
  });

  test('scores, payload and vectors', async () => {
    const { points } = await server.client.query(name, {
      query: angle(40),
      using: 'dir',
      limit: 1,
      with_payload: ['n'],
      with_vector: ['dir'],
    });
    expect(points).toEqual([
      {
        id: 4,
        version: expect.any(Number) as number,
        score: expect.closeTo(1, 5) as number,
        payload: { n: 4 },
        vector: { dir: angle(40).map((x) => expect.closeTo(x, 5) as number) },
      },
    ]);
    expect(
      (await server.client.query(name, { query: angle(0), using: 'dir', limit: 1 })).points[0],
    ).not.toHaveProperty('payload');
  });

  test('sparse and multivectors', async () => {
    const { client } = server;
    expect(
      ids((await client.query(name, { query: { indices: [12], values: [1] }, using: 'words' })).points),
    ).toEqual([2]);
    expect(ids((await client.query(name, { query: BM25_FREE, using: 'words', limit: 2 })).points)).toEqual([
      8, 7,
    ]);
    expect(ids((await client.query(name, { query: [[0, 1]], using: 'parts', limit: 2 })).points)).toEqual([
      9, 8,
    ]);
    expect(ids((await client.query(name, { query: [0, 1], using: 'parts', limit: 1 })).points)).toEqual([9]);
  });

  test('maximal marginal relevance spreads the results', async () => {
    const query = (diversity: number) =>
      server.client.query(name, {
        query: { nearest: angle(0), mmr: { diversity, candidates_limit: 10 } },
        using: 'dir',
        limit: 3,
      });
    expect(ids((await query(0)).points)).toEqual([0, 1, 2]);
    expect(ids((await query(0.9)).points)).toContain(9);
  });

  test('ids and vectors of another collection', async () => {
    const { client } = server;
    const other = uniqueName();
    await client.createCollection(other, { vectors: { size: 2, distance: 'Cosine' } });
    await client.upsert(other, {
      points: [
        { id: 77, vector: angle(62) },
        { id: 3, vector: angle(90) },
      ],
    });
    const found = await client.query(name, {
      query: 77,
      using: 'dir',
      limit: 1,
      lookup_from: { collection: other, vector: '' },
    });
    expect(ids(found.points)).toEqual([6]);
    const same = await client.query(name, {
      query: 3,
      using: 'dir',
      limit: 1,
      lookup_from: { collection: other, vector: '' },
    });
    expect(ids(same.points)).toEqual([9]);
    const missing = await server.send('POST', `/collections/${name}/points/query`, {
      query: 1,
      using: 'dir',
      lookup_from: { collection: 'missing' },
    });
    expect(missing.status).toBe(404);
  });
});

describe('other queries', () => {
  const dir = { using: 'dir' };

  test.each([
    ['average', { recommend: { positive: [2], negative: [9] } }, [0, 1]],
    [
      'best score',
      { recommend: { positive: [2, 3], negative: [9], strategy: 'best_score' as const } },
      [1, 4],
    ],
    ['sum of scores', { recommend: { positive: [0, 2], strategy: 'sum_scores' as const } }, [1, 3]],
    ['vectors as examples', { recommend: { positive: [angle(80), angle(90)] } }, [8, 9]],
  ])('recommend: %s', async (_, query, expected) => {
    const { points } = await server.client.query(name, { ...dir, query, limit: 2 });
    expect(ids(points).toSorted()).toEqual(expected);
  });

  test('recommend sparse vectors', async () => {
    const { points } = await server.client.query(name, {
      using: 'words',
      query: { recommend: { positive: [2] } },
      limit: 1,
    });
    expect(ids(points)).toEqual([8]);
  });

  test('discover and context', async () => {
    const { client } = server;
    const context = [{ positive: 8, negative: 1 }];
    const discover = await client.query(name, {
      ...dir,
      query: { discover: { target: angle(40), context } },
      limit: 2,
    });
    // The target's nearest points on the positive side come first.
    expect(ids(discover.points)).toEqual([5, 6]);
    const near = await client.query(name, { ...dir, query: { context }, limit: 4 });
    expect(ids(near.points).every((id) => Number(id) >= 5)).toBe(true);
  });

  test('order by, sample, no query', async () => {
    const { client } = server;
    const ordered = await client.query(name, {
      query: { order_by: { key: 'n', direction: 'desc' } },
      limit: 3,
    });
    expect(ids(ordered.points)).toEqual([9, 8, 7]);
    const sampled = await client.query(name, { query: { sample: 'random' }, limit: 4 });
    expect(new Set(ids(sampled.points)).size).toBe(4);
    expect(ids((await client.query(name, { limit: 3 })).points)).toEqual([0, 1, 2]);
  });

  test('relevance feedback', async () => {
    const query = {
      relevance_feedback: {
        target: angle(45),
        feedback: [
          { example: 9, score: 1 },
          { example: 0, score: 0 },
        ],
        strategy: { naive: { a: 1, b: 1, c: 1 } },
      },
    };
    const { points } = await server.client.query(name, { ...dir, query, limit: 3 });
    expect(points).toHaveLength(3);
    expect(ids(points)).not.toContain(9);
  });

  test('fusion: ranks are merged as the formula says', async () => {
    const prefetch = [
      { query: angle(0), using: 'dir', limit: 3 },
      { query: BM25_FREE, using: 'words', limit: 3 },
    ];
    // dir: 0 1 2; words: 8 7 5 → with rank r from 0: score = Σ 1 / (2 + r)
    const { points } = await server.client.query(name, { prefetch, query: { fusion: 'rrf' }, limit: 6 });
    expect(
      points
        .map((point) => Number(point.score.toFixed(4)))
        .toSorted()
        .toReversed(),
    ).toEqual([0.5, 0.5, 0.3333, 0.3333, 0.25, 0.25]);
    expect(new Set(ids(points))).toEqual(new Set([0, 1, 2, 8, 7, 5]));
    const weighted = await server.client.query(name, {
      prefetch,
      query: { rrf: { k: 2, weights: [1, 10] } },
      limit: 3,
    });
    expect(ids(weighted.points)).toEqual([8, 7, 5]);
    const dbsf = await server.client.query(name, { prefetch, query: { fusion: 'dbsf' }, limit: 10 });
    expect(dbsf.points).toHaveLength(6);
    const filtered = await server.client.query(name, {
      prefetch,
      query: { fusion: 'rrf' },
      filter: { must: [{ key: 'team', match: { value: 'blue' } }] },
    });
    expect(ids(filtered.points).every((id) => Number(id) % 3 === 2)).toBe(true);
  });

  test('prefetch in a prefetch, rescored', async () => {
    const { points } = await server.client.query(name, {
      prefetch: {
        prefetch: { query: BM25_FREE, using: 'words', limit: 4 },
        query: angle(90),
        using: 'dir',
        limit: 2,
      },
      query: angle(0),
      using: 'dir',
    });
    expect(ids(points)).toEqual([7, 8]);
  });

  test('formula', async () => {
    const ask = async (formula: unknown, defaults = {}) => {
      const reply = await server.send('POST', `/collections/${name}/points/query`, {
        prefetch: { query: angle(0), using: 'dir', limit: 10 },
        query: { formula, defaults },
        limit: 10,
      });
      return new Map(
        (reply.body.result as { points: { id: number; score: number }[] }).points.map(({ id, score }) => [
          id,
          score,
        ]),
      );
    };
    const sums = await ask({
      sum: ['$score', { mult: [0.5, 'n'] }, { key: 'team', match: { value: 'red' } }],
    });
    expect(sums.get(3)).toBeCloseTo(Math.cos(Math.PI / 6) + 1.5 + 1, 4);
    expect(sums.get(4)).toBeCloseTo(Math.cos((40 * Math.PI) / 180) + 2, 4);
    expect((await ask({ div: { left: 'n', right: 4, by_zero_default: 1 } })).get(6)).toBeCloseTo(1.5, 4);
    expect((await ask({ pow: { base: 'n', exponent: 2 } })).get(3)).toBeCloseTo(9, 4);
    expect((await ask({ neg: { abs: { sqrt: 'n' } } })).get(9)).toBeCloseTo(-3, 4);
    expect((await ask({ geo_distance: { origin: { lon: 0, lat: 0 }, to: 'place' } })).get(1)).toBeCloseTo(
      111195,
      -3,
    );
    expect((await ask({ exp_decay: { x: 'n', target: 0, scale: 5, midpoint: 0.5 } })).get(5)).toBeCloseTo(
      0.5,
      4,
    );
    expect((await ask({ sum: ['missing', 1] }, { missing: 41 })).get(0)).toBeCloseTo(42, 4);
  });

  test('batch', async () => {
    const results = await server.client.queryBatch(name, {
      searches: [
        { query: angle(0), ...dir, limit: 1 },
        { query: angle(90), ...dir, limit: 2, with_payload: true },
      ],
    });
    expect(results.map((result) => ids(result.points))).toEqual([[0], [9, 8]]);
    expect(results[1]?.points[0]?.payload).toMatchObject({ n: 9 });
  });

  test.each([
    ['a vector of another size', { query: [1, 2, 3], ...dir }, 400, 'expected dim: 2, got 3'],
    ['an unknown vector name', { query: [1, 2], using: 'nope' }, 400, 'Not existing vector name'],
    ['an unknown id', { query: 12345, ...dir }, 404, 'No point with id 12345'],
    ['an unknown query', { query: { closest: [1, 2] }, ...dir }, 400, ''],
    ['an unknown field', { query: [1, 2], ...dir, top: 3 }, 400, 'top'],
    ['limit 0', { query: [1, 2], ...dir, limit: 0 }, 400, 'limit'],
    ['fusion without prefetch', { query: { fusion: 'rrf' } }, 422, 'prefetch'],
    ['prefetch without query', { prefetch: { query: [1, 2], ...dir } }, 422, 'query'],
    ['formula without prefetch', { query: { formula: 1 } }, 422, 'prefetch'],
    ['order by without index', { query: { order_by: 'team' } }, 400, 'No range index'],
    ['a shard key', { query: [1, 2], ...dir, shard_key: 'eu' }, 501, 'shard_key'],
    [
      'negative examples alone',
      { query: { recommend: { negative: [1] } }, ...dir },
      400,
      'At least one positive',
    ],
    [
      'a slice',
      { query: [1, 2], ...dir, filter: { must: [{ slice: { total: 2, index: 0 } }] } },
      501,
      'slice',
    ],
    [
      'an unknown match',
      { query: [1, 2], ...dir, filter: { must: [{ key: 'n', match: { like: 'x' } }] } },
      400,
      'like',
    ],
    [
      'a condition without test',
      { query: [1, 2], ...dir, filter: { must: [{ key: 'n' }] } },
      400,
      'exactly one test',
    ],
    [
      'mixed bounds',
      { query: [1, 2], ...dir, filter: { must: [{ key: 'n', range: { gt: 1, lt: 'x' } }] } },
      400,
      'bounds',
    ],
    [
      'a latitude of 500',
      {
        query: [1, 2],
        ...dir,
        filter: { must: [{ key: 'place', geo_radius: { center: { lon: 0, lat: 500 }, radius: 1 } }] },
      },
      400,
      'lat',
    ],
  ])('refuses %s', async (_, body, status, message) => {
    const reply = await server.send('POST', `/collections/${name}/points/query`, body);
    expect([reply.status, errorOf(reply)]).toEqual([status, expect.stringContaining(message)]);
  });
});

describe('groups', () => {
  test('the best groups with their best hits', async () => {
    const found = await server.client.queryGroups(name, {
      query: angle(0),
      using: 'dir',
      group_by: 'team',
      group_size: 2,
      limit: 2,
      with_payload: ['n'],
    });
    expect(found.groups.map((group) => [group.id, ids(group.hits)])).toEqual([
      ['red', [0, 3]],
      ['green', [1, 4]],
    ]);
    expect(found.groups[0]?.hits[0]?.payload).toEqual({ n: 0 });
  });

  test('values of arrays put a point into several groups', async () => {
    const found = await server.client.queryGroups(name, {
      query: angle(0),
      using: 'dir',
      group_by: 'tags',
      group_size: 2,
      limit: 5,
    });
    expect(found.groups.map((group) => [group.id, ids(group.hits)])).toEqual([
      ['all', [0, 1]],
      ['odd', [1, 3]],
    ]);
  });

  test('a group far down the ranking is found, even behind thousands of points of another', async () => {
    const { client } = server;
    const many = uniqueName();
    await client.createCollection(many, { vectors: { size: 2, distance: 'Dot' } });
    const points = Array.from({ length: 3000 }, (_, id) => ({
      id,
      vector: [3000 - id, 0],
      payload: { g: id < 2995 ? 1 : id },
    }));
    await client.upsert(many, { points });
    const found = await client.queryGroups(many, { query: [1, 0], group_by: 'g', group_size: 3, limit: 4 });
    expect(found.groups.map((group) => [group.id, ids(group.hits)])).toEqual([
      [1, [0, 1, 2]],
      [2995, [2995]],
      [2996, [2996]],
      [2997, [2997]],
    ]);
  });

  test('hybrid groups', async () => {
    const prefetch = [
      { query: angle(0), using: 'dir', limit: 5 },
      { query: BM25_FREE, using: 'words', limit: 5 },
    ];
    const { groups } = await server.client.queryGroups(name, {
      prefetch,
      query: { fusion: 'rrf' },
      group_by: 'team',
      group_size: 10,
      limit: 3,
    });
    const flat = await server.client.query(name, { prefetch, query: { fusion: 'rrf' }, limit: 10 });
    // Points of equal rank come in any order.
    const byTeam = (team: number) =>
      ids(flat.points)
        .filter((id) => Number(id) % 3 === team)
        .toSorted();
    expect(new Map(groups.map((group) => [group.id, ids(group.hits).toSorted()]))).toEqual(
      new Map([
        ['red', byTeam(0)],
        ['green', byTeam(1)],
        ['blue', byTeam(2)],
      ]),
    );
  });

  test('lookup of the group in another collection', async () => {
    const { client } = server;
    const [chunks, documents] = [uniqueName(), uniqueName()];
    for (const each of [chunks, documents])
      await client.createCollection(each, { vectors: { size: 2, distance: 'Dot' } });
    await client.upsert(documents, { points: [{ id: 1, vector: [1, 1], payload: { title: 'One' } }] });
    await client.upsert(chunks, {
      points: [
        { id: 1, vector: [2, 0], payload: { doc: 1 } },
        { id: 2, vector: [1, 0], payload: { doc: 2 } },
      ],
    });
    const found = await client.queryGroups(chunks, {
      query: [1, 0],
      group_by: 'doc',
      with_lookup: documents,
    });
    expect(found.groups).toMatchObject([{ id: 1, lookup: { id: 1, payload: { title: 'One' } } }, { id: 2 }]);
    expect(found.groups[1]).not.toHaveProperty('lookup');
  });
});

describe('matrix and older endpoints', () => {
  test('distance matrix as pairs and offsets', async () => {
    const { client } = server;
    const { pairs } = await client.searchMatrixPairs(name, { sample: 10, limit: 2, using: 'dir' });
    expect(pairs).toHaveLength(20);
    for (const { a, b, score } of pairs)
      expect(score).toBeCloseTo(Math.cos(((Number(a) - Number(b)) * Math.PI) / 18), 4);
    expect(pairs.every(({ a, b }) => a !== b)).toBe(true);
    const offsets = await client.searchMatrixOffsets(name, {
      sample: 4,
      limit: 3,
      using: 'dir',
      filter: { must: [{ key: 'n', range: { lt: 4 } }] },
    });
    expect(offsets.ids.toSorted()).toEqual([0, 1, 2, 3]);
    expect(offsets.scores).toHaveLength(12);
    offsets.scores.forEach((score, i) => {
      const [a, b] = [offsets.ids[offsets.offsets_row[i] ?? -1], offsets.ids[offsets.offsets_col[i] ?? -1]];
      expect(score).toBeCloseTo(Math.cos(((Number(a) - Number(b)) * Math.PI) / 18), 4);
    });
  });

  test('search, recommend, discover and their batches and groups', async () => {
    const ask = async (path: string, body: unknown) => {
      const reply = await server.send('POST', `/collections/${name}/points/${path}`, body);
      expect([path, errorOf(reply)]).toEqual([path, '']);
      return reply.body.result;
    };
    const vector = { name: 'dir', vector: angle(0) };
    expect(await ask('search', { vector, limit: 2, with_payload: ['n'] })).toMatchObject([
      { id: 0, payload: { n: 0 } },
      { id: 1 },
    ]);
    expect(
      await ask('search', { vector: { name: 'words', vector: { indices: [12], values: [1] } }, limit: 2 }),
    ).toMatchObject([{ id: 2 }]);
    expect(
      await ask('search/batch', {
        searches: [
          { vector, limit: 1 },
          { vector, limit: 1, offset: 1 },
        ],
      }),
    ).toMatchObject([[{ id: 0 }], [{ id: 1 }]]);
    expect(await ask('search/groups', { vector, limit: 1, group_by: 'team', group_size: 2 })).toMatchObject({
      groups: [{ id: 'red', hits: [{ id: 0 }, { id: 3 }] }],
    });
    expect(await ask('recommend', { positive: [0], using: 'dir', limit: 1 })).toMatchObject([{ id: 1 }]);
    expect(
      await ask('recommend/batch', { searches: [{ positive: [0], using: 'dir', limit: 1 }] }),
    ).toMatchObject([[{ id: 1 }]]);
    expect(
      await ask('recommend/groups', {
        positive: [0],
        using: 'dir',
        limit: 1,
        group_by: 'team',
        group_size: 1,
      }),
    ).toMatchObject({ groups: [{ id: 'green' }] });
    expect(await ask('discover', { target: 0, using: 'dir', limit: 1 })).toMatchObject([{ id: 1 }]);
    expect(await ask('discover/batch', { searches: [{ target: 0, using: 'dir', limit: 1 }] })).toMatchObject([
      [{ id: 1 }],
    ]);
  });
});
