import fc from 'fast-check';
import {
  type AnomalySettingsInput,
  detectAnomalies,
  type Transaction,
  transactionSchema,
} from '../../src/anomalies';
import { typedAlike } from '../../src/anomalies/invoice-number';
import { seededRandom, shuffle } from '../../src/seeded-random';
import { day, IBAN, OTHER_IBAN } from './books';

const settings: AnomalySettingsInput = { splitPayments: { approvalLimits: { EUR: 5000, USD: 5000 } } };

const payments = (suppliers: string[], categories: string[]): fc.Arbitrary<Transaction[]> =>
  fc
    .array(
      fc.record({
        date: fc.nat({ max: 200 }).map(day),
        amount: fc.oneof(
          fc.constantFrom('100', '100.00', '1000', '2000.00', '3000', '-50', '0', '0.01'),
          fc.integer({ min: -1e5, max: 1e7 }).map((cents) => (cents / 100).toFixed(2)),
        ),
        currency: fc.constantFrom('EUR', 'USD'),
        supplier: fc.constantFrom(...suppliers),
        category: fc.option(fc.constantFrom(...categories)),
        account: fc.option(fc.constantFrom(IBAN, OTHER_IBAN, 'DE00370400440532013000', '12345')),
        invoiceNumber: fc.option(fc.constantFrom('A-1001', 'A-1010', 'A1001', 'A-2001', '7')),
      }),
      { maxLength: 80 },
    )
    .map((all) => all.map((each, at) => ({ ...each, id: `${suppliers[0]}${at}` })));

const books = payments(['Acme', 'ACME ', 'Bolt', 'Çelik A.Ş.', '!!'], ['rent', 'travel']);

test('the order of the transactions does not matter', () => {
  fc.assert(
    fc.property(books, fc.nat(), (transactions, seed) => {
      const shuffled = shuffle([...transactions], seededRandom(seed));
      expect(detectAnomalies(shuffled, settings)).toEqual(detectAnomalies(transactions, settings));
    }),
  );
});

test('a supplier with a category of its own changes nothing for the others', () => {
  const unrelated = payments(['Zeta'], ['elsewhere']);
  fc.assert(
    fc.property(books, unrelated, (transactions, more) => {
      // First payments without a category are held against the whole currency, as they must be.
      const own: AnomalySettingsInput = {
        ...settings,
        firstPayments: { minCurrency: 1_000_000, warmUpDays: 0 },
      };
      const known = new Set(transactions.map(({ id }) => id));
      const flags = detectAnomalies([...transactions, ...more], own);
      expect(flags.filter(({ transactionId }) => known.has(transactionId))).toEqual(
        detectAnomalies(transactions, own),
      );
    }),
  );
});

test('one amount at a steady pace to one account on workdays is clean', () => {
  const amount = fc.integer({ min: 1, max: 1e9 }).map((cents) => (cents / 100).toFixed(2));
  fc.assert(
    fc.property(
      amount,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 8 }),
      (value, count, weeks) => {
        const transactions = Array.from({ length: count }, (_, at) => ({
          ...{ id: `c${at}`, date: day(7 * weeks * at), amount: value, currency: 'EUR', supplier: 'Acme' },
          ...{ category: 'rent', account: IBAN, invoiceNumber: null },
        }));
        expect(detectAnomalies(transactions, settings)).toEqual([]);
      },
    ),
  );
});

test('every flag names known transactions, in order, once per kind, with words in both languages', () => {
  fc.assert(
    fc.property(books, (transactions) => {
      const flags = detectAnomalies(transactions, settings);
      const ids = new Set(transactions.map(({ id }) => id));
      const keys = flags.map(({ transactionId, kind }) => `${transactionId} ${kind}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { transactionId, related, reason, statistics } of flags) {
        expect([transactionId, ...related].every((id) => ids.has(id))).toBe(true);
        expect(related).not.toContain(transactionId);
        expect(reason.en).toMatch(/\.$/);
        expect(reason.zh).toMatch(/。$/);
        expect(`${reason.en}${reason.zh}${JSON.stringify(statistics)}`).not.toMatch(
          /NaN|undefined|Infinity|null/,
        );
      }
    }),
  );
});

test('kinds that are not asked for are not told, the others stay as they are', () => {
  fc.assert(
    fc.property(books, (transactions) => {
      const all = detectAnomalies(transactions, settings);
      const only = detectAnomalies(transactions, { ...settings, kinds: ['duplicate', 'round_amount'] });
      expect(only).toEqual(all.filter(({ kind }) => kind === 'duplicate' || kind === 'round_amount'));
    }),
  );
});

test('the look of two invoice numbers is the same from both sides, and of one number is itself', () => {
  const number = fc.stringMatching(/^[A-Z]{0,3}[-/ ]?\d{1,8}$/);
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(typedAlike(a, b)).toBe(typedAlike(b, a));
      expect(typedAlike(a, a)).toBe(true);
    }),
  );
});

test('numbers that follow each other are never typing errors', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9_999_990 }), fc.integer({ min: 1, max: 9 }), (number, step) => {
      expect(typedAlike(`RE-${number}`, `RE-${number + step}`)).toBe(false);
    }),
  );
});

test('the transactions generated here are such', () => {
  for (const transaction of fc.sample(books, 20).flat())
    expect(transactionSchema.parse(transaction)).toBeDefined();
});
