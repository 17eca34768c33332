import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBizError } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { meanMetrics } from '../../src/eval/ranking-metrics';
import { evalRetrieval, measureRetrieval } from '../../src/eval/retrieval';
import { readCorpus, readQrels, readQueries } from '../../src/eval/retrieval-files';

const TOPICS = [
  [
    'Refunds',
    'Customers get their money back within thirty days.',
    'How do I return a product and be reimbursed?',
  ],
  ['Shipping', 'Parcels leave the warehouse every evening.', 'When is my order dispatched?'],
  ['Passwords', 'Reset a forgotten password by e-mail.', 'I cannot log in any more'],
  ['Invoices', 'Bills are sent as PDF on the first of the month.', 'invoice pdf'],
  ['Holidays', 'Employees have twenty-eight days of paid leave.', 'vacation of staff'],
  ['Security', 'Doors are locked after eight in the evening.', 'building access at night'],
  ['发票', '发票每月一号以电子邮件发送。', '发票什么时候发送'],
] as const;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'retrieval-'));
  const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');
  await writeFile(
    join(dir, 'c.jsonl'),
    lines(TOPICS.map(([title, text], at) => ({ _id: `d${at}`, title, text }))),
  );
  await writeFile(join(dir, 'q.jsonl'), lines(TOPICS.map(([, , text], at) => ({ _id: `q${at}`, text }))));
  const qrels = TOPICS.map((_, at) => `q${at}\td${at}\t1`).join('\n');
  await writeFile(join(dir, 'r.tsv'), `query-id\tcorpus-id\tscore\n${qrels}\n`);
});
afterAll(() => rm(dir, { recursive: true }));

test('a labelled set is measured in all modes; hybrid is not below the better one', async () => {
  const qdrant = testFacts('qdrant');
  const embeddings = testFacts('embeddings');
  const result = await measureRetrieval(
    {
      corpus: await readCorpus(join(dir, 'c.jsonl')),
      queries: await readQueries(join(dir, 'q.jsonl')),
      qrels: await readQrels(join(dir, 'r.tsv')),
    },
    {
      qdrant: { url: qdrant.url ?? '', apiKey: qdrant.apiKey },
      embeddings: { url: embeddings.url ?? '', apiKey: embeddings.apiKey, model: embeddings.model ?? '' },
    },
    [1],
  );
  const { dense, sparse, hybrid } = result;
  expect(dense?.ndcg10).toBeGreaterThan(0.7);
  expect(sparse?.ndcg10).toBeGreaterThan(0.2);
  expect(hybrid?.ndcg10).toBeGreaterThanOrEqual(Math.max(dense?.ndcg10 ?? 1, sparse?.ndcg10 ?? 1) - 0.02);
  expect(Object.keys(hybrid ?? {})).toEqual(['ndcg10', 'mrr10', 'recall100', 'hit1']);
});

test('metrics are those of trec_eval', () => {
  const grades = new Map([
    ['a', 2],
    ['b', 1],
    ['c', 0],
  ]);
  const metrics = meanMetrics([{ documents: ['c', 'b', 'x', 'a'], grades }], [1, 2]);
  const ndcg = (1 / Math.log2(3) + 2 / Math.log2(5)) / (2 + 1 / Math.log2(3));
  expect(metrics).toEqual({
    ndcg10: Math.round(ndcg * 10_000) / 10_000,
    mrr10: 0.5,
    recall100: 1,
    hit1: 0,
    hit2: 1,
  });
});

test.each([
  [['--corpus', 'c.jsonl'], 'BIZ_EVAL_USAGE'],
  [['--corpus', 'missing', '--queries', 'q.jsonl', '--qrels', 'r.tsv'], 'BIZ_EVAL_FILE_INVALID'],
  [['--corpus', 'r.tsv', '--queries', 'q.jsonl', '--qrels', 'r.tsv'], 'BIZ_EVAL_FILE_INVALID'],
  [['--corpus', 'c.jsonl', '--queries', 'q.jsonl', '--qrels', 'q.jsonl'], 'BIZ_EVAL_FILE_INVALID'],
])('%p ends with %s', async (args, code) => {
  const paths = args.map((arg) => (arg.startsWith('--') ? arg : join(dir, arg)));
  const error: unknown = await evalRetrieval(paths).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isBizError(error) ? error.code : error).toBe(code);
});
