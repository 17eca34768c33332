import { embeddingsEndpoint, embedTexts } from '../src/lib/embeddings';
import { connection, failureOf, fakeEmbeddings, run, uniqueName } from './support';

const settings = (url: string) => ({ url, model: 'fake' });
const refusal = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: { error: { message: 'slow down', type: 'x' } },
});

test('repeats after 429 and 500 and keeps the order of 200 texts', async () => {
  const fake = await fakeEmbeddings((attempt) => {
    if (attempt === 1) return refusal(429);
    return attempt === 3 ? refusal(500) : undefined;
  });
  try {
    const texts = Array.from({ length: 200 }, (_, n) => 'x'.repeat(n + 1));
    const vectors = await embedTexts(settings(fake.url), texts);
    expect(vectors.map(([length]) => length)).toEqual(texts.map((text) => text.length));
    expect(Math.max(...fake.requests.map(({ input }) => input.length))).toBe(64);
    expect(fake.requests).toHaveLength(6);
  } finally {
    await fake.close();
  }
});

test.each([
  ['always 429', refusal(429), 'BIZ_EMBEDDINGS_RATE_LIMITED', 4],
  ['429 with an hour to wait', refusal(429, { 'retry-after': '3600' }), 'BIZ_EMBEDDINGS_RATE_LIMITED', 1],
  ['always 500', refusal(500), 'BIZ_EMBEDDINGS_FAILED', 4],
  ['400', refusal(400), 'BIZ_EMBEDDINGS_FAILED', 1],
  ['401', refusal(401), 'BIZ_EMBEDDINGS_UNAUTHORIZED', 1],
  ['too few vectors', { status: 200, body: { data: [] } }, 'BIZ_EMBEDDINGS_ANSWER_UNEXPECTED', 1],
  ['no vectors', { status: 200, body: { ok: true } }, 'BIZ_EMBEDDINGS_ANSWER_UNEXPECTED', 1],
  [
    'vectors of different lengths',
    {
      status: 200,
      body: {
        data: [
          { index: 0, embedding: [1] },
          { index: 1, embedding: [1, 2] },
        ],
      },
    },
    'BIZ_EMBEDDINGS_DIMENSIONS',
    1,
  ],
])('a provider that answers %s', async (_, answer, code, requests) => {
  const fake = await fakeEmbeddings(() => answer);
  try {
    const error = await failureOf(embedTexts(settings(fake.url), ['one', 'two']));
    expect(error.code).toBe(code);
    expect(fake.requests).toHaveLength(requests);
  } finally {
    await fake.close();
  }
});

test('a failing provider stores nothing', async () => {
  const fake = await fakeEmbeddings(() => refusal(400));
  const collection = uniqueName();
  await run('create_collection', { collection, size: 3 });
  try {
    const auth = { ...connection(), embeddingsUrl: fake.url };
    const error = await failureOf(
      run('upsert_points', { collection, points: [{ key: 'a', text: 'b' }] }, auth),
    );
    expect(error.message).toContain('slow down');
    expect(await run('count_points', { collection })).toEqual({ count: 0 });
  } finally {
    await fake.close();
  }
});

test('an empty text is refused before anything is sent', async () => {
  const error = await failureOf(embedTexts(settings('http://127.0.0.1:1'), ['a', ' ']));
  expect(error.code).toBe('BIZ_EMBEDDINGS_TEXT_EMPTY');
  expect(error.message).toContain('Text 2 of 2');
});

test.each([
  ['http://127.0.0.1:8090', 'http://127.0.0.1:8090/v1/embeddings'],
  ['http://127.0.0.1:8090/', 'http://127.0.0.1:8090/v1/embeddings'],
  ['https://api.openai.com/v1', 'https://api.openai.com/v1/embeddings'],
  ['https://x.test/openai/v1/embeddings', 'https://x.test/openai/v1/embeddings'],
  ['https://x.test/api/v3/', 'https://x.test/api/v3/embeddings'],
])('%s stands for %s', (url, endpoint) => {
  expect(embeddingsEndpoint(url)).toBe(endpoint);
});
