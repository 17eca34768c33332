import { pointId } from '@bizstack/contracts';
import { runDynamicProps, runOptions } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { searchPointsAction } from '../src/lib/actions/search-points';
import { connection, failureOf, pointsOf, run, uniqueName } from './support';

const texts = [
  { key: 'invoice', text: 'The invoice RX-4711 from the supplier is overdue and must be paid.' },
  { key: 'holiday', text: 'We fly to the beach in summer with the children.' },
  { key: 'server', text: 'The database server crashed because the disk was full.' },
  { key: 'chinese', text: '数据库服务器崩溃,因为磁盘已满。' },
];

/** A collection with texts that are found by meaning and by their words. */
async function library(): Promise<string> {
  const collection = uniqueName();
  const points = texts.map((point, n) => ({ ...point, payload: { n, shelf: n % 2 === 0 ? 'even' : 'odd' } }));
  await run('upsert_points', {
    collection,
    points,
    textField: 'text',
    keyField: 'key',
    keywordVector: 'words',
    createCollection: true,
  });
  return collection;
}

const keysOf = (points: { payload?: Record<string, unknown> | null | undefined }[]) =>
  points.map(({ payload }) => payload?.['key']);

const explanationSchema = z.looseObject({
  score: z.number(),
  explanation: z.object({
    fusion: z.string(),
    meaning: z
      .object({ rank: z.number(), score: z.number(), contribution: z.number().optional() })
      .nullable(),
    keywords: z
      .object({ rank: z.number(), score: z.number(), contribution: z.number().optional() })
      .nullable(),
  }),
});

test('upserting with a keyword vector makes a collection with both, and twice is once', async () => {
  const collection = await library();
  expect(await run('get_collection', { collection })).toMatchObject({
    points: 4,
    vectors: [{ name: '', size: 384 }],
    sparseVectors: ['words'],
  });
  await run('upsert_points', { collection, points: texts, keywordVector: 'words' });
  expect(await run('count_points', { collection })).toEqual({ count: 4 });
});

test('keywords find the word itself, also where no space parts words, and nothing else', async () => {
  const collection = await library();
  const search = async (text: string) =>
    keysOf(await pointsOf('search_points', { collection, text, mode: 'keywords' }));
  expect(await search('rx 4711')).toEqual(['invoice']);
  expect(await search('服务器')).toEqual(['chinese']);
  expect(await search('SERVER')).toEqual(['server']);
  expect(await search('unheard')).toEqual([]);
});

test('keywords need no embeddings endpoint', async () => {
  const collection = await library();
  const auth = { ...connection(), embeddingsUrl: undefined };
  expect(
    keysOf(await pointsOf('search_points', { collection, text: 'beach', mode: 'keywords' }, auth)),
  ).toEqual(['holiday']);
});

test.each(['rrf', 'dbsf'])(
  'hybrid search with %s fuses both and says where each point stood',
  async (fusion) => {
    const collection = await library();
    const output = await run('search_points', {
      collection,
      text: 'RX-4711 bill to settle',
      mode: 'hybrid',
      fusion,
    });
    const { points } = z.looseObject({ points: z.array(explanationSchema) }).parse(output);
    expect(points).toHaveLength(4);
    expect(points[0]).toMatchObject({
      id: pointId('invoice'),
      explanation: { fusion, meaning: { rank: 1 }, keywords: { rank: 1 } },
    });
    const holiday = points.find((point) => point['id'] === pointId('holiday'));
    // It shares "to" with the question.
    expect(holiday?.explanation.keywords).not.toBeNull();
    const server = points.find((point) => point['id'] === pointId('chinese'));
    expect(server?.explanation.keywords).toBeNull();
  },
);

test('the contributions of both ranks add up to the fused score', async () => {
  const collection = await library();
  const output = await run('search_points', {
    collection,
    text: 'the server of the supplier',
    mode: 'hybrid',
  });
  const { points } = z.looseObject({ points: z.array(explanationSchema) }).parse(output);
  for (const { score, explanation } of points) {
    const { meaning, keywords } = explanation;
    expect((meaning?.contribution ?? 0) + (keywords?.contribution ?? 0)).toBeCloseTo(score, 5);
  }
});

test('hybrid search takes filter, paging, grouping, threshold, and a vector instead of the embedding', async () => {
  const collection = await library();
  const base = { collection, text: 'database server', mode: 'hybrid' };
  const filtered = await pointsOf('search_points', { ...base, filter: { shelf: 'odd' } });
  expect([...keysOf(filtered)].sort()).toEqual(['chinese', 'holiday']);
  const pages = await Promise.all(
    [0, 2].map((offset) => pointsOf('search_points', { ...base, limit: 2, offset })),
  );
  expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(4);
  expect(await run('search_points', { ...base, groupBy: 'shelf', groupSize: 1 })).toMatchObject({
    count: 2,
    groups: [{ id: 'even', hits: [{ explanation: { meaning: { rank: 1 } } }] }, { id: 'odd' }],
  });
  expect(await pointsOf('search_points', { ...base, scoreThreshold: 0.9 })).toHaveLength(1);
  const plain = await pointsOf('search_points', { ...base, explain: false });
  expect(plain[0]).not.toHaveProperty('explanation');
  const vector = Array.from({ length: 384 }, (_, n) => Math.sin(n));
  expect(await pointsOf('search_points', { ...base, vector })).toHaveLength(4);
});

test('named vectors: text into one, words into another, a given vector beside them', async () => {
  const collection = uniqueName();
  await run('create_collection', {
    collection,
    vectors: { title: { size: 384 }, picture: { size: 3, distance: 'Dot' } },
    sparseVectors: ['words'],
  });
  const points = [{ key: 'a', text: 'red apples', vector: { picture: [1, 2, 3] } }];
  await run('upsert_points', { collection, points, vectorName: 'title', keywordVector: 'words' });
  const search = { collection, text: 'apples', vectorName: 'title', mode: 'hybrid' };
  expect(await pointsOf('search_points', search)).toHaveLength(1);
  expect(
    await pointsOf('search_points', { collection, vector: [1, 0, 0], vectorName: 'picture' }),
  ).toHaveLength(1);
});

test('a vector of your own and the words of the text go together', async () => {
  const collection = uniqueName();
  const points = [{ key: 'a', text: 'green pears', vector: [1, 0] }];
  await run('upsert_points', { collection, points, keywordVector: 'words', createCollection: true });
  const search = { collection, text: 'pears', mode: 'keywords' };
  expect(await pointsOf('search_points', search)).toHaveLength(1);
});

test('what is missing for keywords is said', async () => {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 2 });
  const ask = (props: Record<string, unknown>) => failureOf(run('search_points', { collection, ...props }));
  expect((await ask({ text: 'a', mode: 'keywords' })).message).toContain('no sparse vector');
  expect((await ask({ text: ' ', mode: 'keywords' })).message).toContain('Text');
  const words = await library();
  expect(
    (await failureOf(run('search_points', { collection: words, text: '!?', mode: 'keywords' }))).message,
  ).toContain('no words');
  // Without words a hybrid search goes by meaning alone.
  expect(await pointsOf('search_points', { collection: words, text: '!?', mode: 'hybrid' })).toHaveLength(4);
});

test('the filter form is made from the indexed fields, and asks what it shows', async () => {
  const collection = await library();
  for (const [field, type] of [
    ['shelf', 'keyword'],
    ['n', 'integer'],
    ['text', 'text'],
    ['address.city', 'keyword'],
  ]) {
    await run('create_payload_index', { collection, field, type });
  }
  const form = await runDynamicProps(searchPointsAction, {
    property: 'filterFields',
    auth: connection(),
    input: { collection },
  });
  expect(Object.fromEntries(Object.entries(form).map(([key, { type }]) => [key, type]))).toEqual({
    is_shelf: 'ARRAY',
    from_n: 'NUMBER',
    to_n: 'NUMBER',
    words_text: 'SHORT_TEXT',
    'is_address%2Ecity': 'ARRAY',
  });
  const count = (filterFields: Record<string, unknown>, filter?: unknown) =>
    run('count_points', { collection, filterFields, filter });
  expect(await count({ is_shelf: ['odd'], from_n: 2 })).toEqual({ count: 1 });
  expect(await count({ from_n: '1', to_n: '2' })).toEqual({ count: 2 });
  expect(await count({ words_text: 'disk full' })).toEqual({ count: 1 });
  expect(await count({ is_shelf: ['odd', 'even'], from_n: '', to_n: null })).toEqual({ count: 4 });
  expect(await count({ is_shelf: 'odd' }, { n: { lt: 2 } })).toEqual({ count: 1 });
  expect(await count({ 'is_address%2Ecity': 'Rome' })).toEqual({ count: 0 });
  const preview = { collection, filterFields: { is_shelf: ['odd'] }, preview: true };
  expect(await run('delete_points', preview)).toMatchObject({ matched: 2, deleted: false });
  expect((await failureOf(count({ nonsense: 1 }))).message).toContain('nonsense');
});

test('keyword vectors are a dropdown', async () => {
  const collection = await library();
  const { options } = await runOptions(searchPointsAction, {
    property: 'keywordVector',
    auth: connection(),
    input: { collection },
  });
  expect(options).toEqual([{ label: 'words', value: 'words' }]);
});

test('a batch mixes searches by meaning, by keywords and by both, each as it is found alone', async () => {
  const collection = await library();
  const searches = [
    { text: 'bill from a vendor', limit: 2 },
    { text: 'rx 4711', mode: 'keywords' },
    { text: 'server', mode: 'hybrid', limit: 2, filter: { shelf: 'even' } },
    { text: 'server', mode: 'hybrid', fusion: 'dbsf', keywordVector: 'words', limit: 3 },
  ];
  const { results } = z
    .object({ results: z.array(z.object({ points: z.array(z.looseObject({ id: z.unknown() })) })) })
    .parse(await run('batch_query', { collection, searches }));
  expect(results).toHaveLength(searches.length);
  for (const [index, search] of searches.entries()) {
    const alone = await pointsOf('search_points', { collection, explain: false, ...search });
    expect(results[index]?.points.map(({ id }) => id)).toEqual(alone.map(({ id }) => id));
  }
});

test.each([
  [{ mode: 'keywords', vector: [1] }, /Searches\[1\] needs a text for the mode "keywords"/],
  [{ mode: 'keywords', text: 'x', vector: [1] }, /Searches\[1\] searches by keywords and takes no vector/],
  [{ mode: 'keywords', text: '?!' }, /Searches\[1\] has no words/],
  [{ text: 'x', mode: 'magic' }, /mode/],
])('a batch names the search that is wrong: %j', async (search, message) => {
  const error = await failureOf(run('batch_query', { collection: 'any', searches: [{ text: 'a' }, search] }));
  expect(error).toMatchObject({
    code: 'BIZ_INPUT_INVALID',
    message: expect.stringMatching(message) as string,
  });
});
