import { testFacts } from '@bizstack/native/testing';

interface Reply {
  status: number;
  body: {
    data?: { index: number; embedding: number[] | string }[];
    usage?: { total_tokens: number };
    error?: { code: string; message: string };
  };
}

const { url, apiKey, model } = testFacts('embeddings');

async function post(body: unknown, key = String(apiKey)): Promise<Reply> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

async function vectors(input: string[]): Promise<number[][]> {
  const { status, body } = await post({ input, model });
  expect(status).toBe(200);
  return (body.data ?? []).map((item) => item.embedding as number[]);
}

const dot = (a: readonly number[] = [], b: readonly number[] = []) =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0);

test('vectors have 384 dimensions, unit length and the order of the input', async () => {
  const texts = ['invoice overdue', 'a lead from Berlin', 'pods restart'];
  const many = await vectors(texts);
  expect(many.map((vector) => vector.length)).toEqual([384, 384, 384]);
  for (const vector of many) expect(dot(vector, vector)).toBeCloseTo(1, 3);
  for (const [i, text] of texts.entries()) {
    const [single] = await vectors([text]);
    expect(dot(single, many[i])).toBeGreaterThan(0.98);
  }
});

test('a paraphrase is nearer than an unrelated sentence', async () => {
  const [question, answer, other] = await vectors([
    'how do I get reimbursed for a purchase I am unhappy with',
    'Customers may return items within 30 days and get their money back.',
    'The canteen serves vegetarian lunch on Fridays.',
  ]);
  expect(dot(question, answer)).toBeGreaterThan(dot(question, other));
});

test('base64 is the same vector as float', async () => {
  const [floats] = await vectors(['hello']);
  const { body } = await post({ input: 'hello', model, encoding_format: 'base64' });
  const bytes = Buffer.from(body.data?.[0]?.embedding as string, 'base64');
  const decoded = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
  expect(decoded).toHaveLength(384);
  expect(dot(decoded, floats)).toBeCloseTo(1, 4);
});

test('requests that arrive together each get their own vectors', async () => {
  const texts = Array.from({ length: 60 }, (_, i) => `lead number ${i} from town ${i * 7}`);
  const alone = await vectors(texts);
  const together = await Promise.all(texts.map((text) => vectors([text])));
  together.forEach(([vector], i) => {
    const scores = alone.map((other) => dot(vector, other));
    expect(scores.indexOf(Math.max(...scores))).toBe(i);
  });
});

test('usage counts tokens', async () => {
  const short = await post({ input: 'hi', model });
  const long = await post({ input: 'hi '.repeat(50), model });
  expect(short.body.usage?.total_tokens).toBeGreaterThan(0);
  expect(long.body.usage?.total_tokens).toBeGreaterThan(short.body.usage?.total_tokens ?? Infinity);
});

test.each([
  ['empty list', { input: [], model: 'all-MiniLM-L6-v2' }, 400, /input/],
  ['empty text', { input: [''], model: 'all-MiniLM-L6-v2' }, 400, /input/],
  [
    'tokens instead of text',
    { input: [1, 2], model: 'all-MiniLM-L6-v2' },
    400,
    /token arrays are not supported/,
  ],
  ['another model', { input: 'x', model: 'text-embedding-3-small' }, 400, /all-MiniLM-L6-v2/],
  ['other dimensions', { input: 'x', model: 'all-MiniLM-L6-v2', dimensions: 1536 }, 400, /384/],
  ['no JSON', '{', 400, /not JSON/],
])('%s is refused with a reason', async (_name, body, status, message) => {
  const reply = await post(body);
  expect(reply.status).toBe(status);
  expect(reply.body.error?.message).toMatch(message);
});

test('a wrong key is refused and the key is not echoed', async () => {
  const reply = await post({ input: 'x', model }, 'wrong-key-123');
  expect(reply.status).toBe(401);
  expect(JSON.stringify(reply.body)).not.toContain('wrong-key-123');
});

test('a body over 16 MB is refused', async () => {
  const reply = await post({ input: Array.from({ length: 200 }, () => 'x'.repeat(90_000)), model });
  expect(reply.status).toBe(413);
});

test('text in any script and with odd characters is embedded', async () => {
  const all = await vectors(['线索评分', '\u0000\uffff', '🙂'.repeat(2000), '<script>alert(1)</script>']);
  expect(all.every((vector) => vector.every(Number.isFinite))).toBe(true);
});
