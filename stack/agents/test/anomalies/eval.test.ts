import { detectAnomalies, transactionSchema } from '../../src/anomalies';
import { evalAnomalies, measure } from '../../src/eval/anomalies';
import { generateBooks } from '../../src/eval/generated-books';

const options = { suppliers: 120, days: 600, injected: 15, approvalLimit: 10_000 };
const settings = { splitPayments: { approvalLimits: { EUR: options.approvalLimit } } };

test('the generated books are the same for a seed, valid, and hold every case', () => {
  const books = generateBooks({ ...options, seed: 4 });
  expect(generateBooks({ ...options, seed: 4 })).toEqual(books);
  expect(generateBooks({ ...options, seed: 5 })).not.toEqual(books);
  for (const transaction of books.transactions)
    expect(transactionSchema.safeParse(transaction).error).toBeUndefined();
  const ids = new Set(books.transactions.map(({ id }) => id));
  expect(books.injections.flatMap((injection) => injection.ids).filter((id) => !ids.has(id))).toEqual([]);
});

test.each([11, 12])('books of seed %d: what was put in is found, few others are flagged', (seed) => {
  const books = generateBooks({ ...options, seed });
  const result = measure(books, detectAnomalies(books.transactions, settings));
  expect(result.recall).toBeGreaterThan(0.93);
  expect(result.false_alarm_rate).toBeLessThan(0.015);
  for (const kind of Object.values(result.kinds)) expect(kind.recall).toBeGreaterThanOrEqual(0.65);
});

test('a detector that flags nothing or everything is measured as such', () => {
  const books = generateBooks({ ...options, seed: 6 });
  expect(measure(books, [])).toMatchObject({ recall: 0, false_alarm_rate: 0 });
  const all = books.transactions.map(({ id }) => ({
    ...{ transactionId: id, kind: 'duplicate' as const, severity: 'low' as const, related: [] },
    ...{ reason: { en: '', zh: '' }, statistics: {} },
  }));
  expect(measure(books, all)).toMatchObject({ false_alarm_rate: 1, kinds: { duplicate: { recall: 1 } } });
});

test('the command prints one line of JSON', async () => {
  const out: string[] = [];
  const write = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((chunk) => out.push(String(chunk)) > 0);
  const log = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await evalAnomalies(['--suppliers', '60', '--days', '400', '--injected', '5', '--json']);
  } finally {
    write.mockRestore();
    log.mockRestore();
  }
  expect(out.join('')).toMatch(/^[^\n]+\n$/);
  expect(JSON.parse(out.join(''))).toMatchObject({ kinds: { duplicate: { injected: 5, recall: 1 } } });
});

test.each([['--days', 'many'], ['--what'], ['--injected', '0']])('%s %s is refused', async (...args) => {
  await expect(evalAnomalies(args)).rejects.toMatchObject({ code: 'BIZ_EVAL_USAGE' });
});
