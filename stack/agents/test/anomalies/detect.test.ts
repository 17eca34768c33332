import { isBizError } from '@bizstack/contracts';
import {
  type AnomalySettingsInput,
  detectAnomalies,
  parseAnomalySettings,
  type Transaction,
} from '../../src/anomalies';
import { day, IBAN, OTHER_IBAN, weekly } from './books';

const found = (transactions: Transaction[], settings?: AnomalySettingsInput) =>
  detectAnomalies(transactions, settings).map(({ transactionId, kind }) => `${transactionId} ${kind}`);
const one = (transactions: Transaction[], kind: string, settings?: AnomalySettingsInput) =>
  detectAnomalies(transactions, settings).filter((flag) => flag.kind === kind);
const at =
  <T>(index: number, change: T) =>
  (position: number) =>
    position === index ? change : {};

test('ordinary books raise no flag', () => {
  expect(found(weekly(40))).toEqual([]);
});

describe('unusual amounts', () => {
  test('far above and far below the supplier, with the figures behind it', () => {
    const [high] = one(weekly(40, at(20, { amount: '5400.17' })), 'unusual_amount');
    expect(high).toMatchObject({ transactionId: 'w0020', severity: 'high', related: [] });
    expect(high?.statistics).toMatchObject({ group: 'supplier', count: 40 });
    expect(high?.reason.en).toMatch(/^5400\.17 EUR is unusually high for this supplier \(median 5\d\d/);
    expect(high?.reason.zh).toMatch(/^5400\.17 EUR 对该供应商而言异常偏高/);
    const [low] = one(weekly(40, at(20, { amount: '12.00' })), 'unusual_amount');
    expect(Number(low?.statistics['z'])).toBeLessThan(-4.5);
    expect(low?.reason.en).toContain('unusually low');
  });

  test('credits are compared with credits', () => {
    expect(
      one(
        weekly(40, (index) => (index % 3 === 0 ? { amount: `-${50 + index}.10` } : {})),
        'unusual_amount',
      ),
    ).toEqual([]);
  });

  test('a supplier with few payments is compared with its category', () => {
    const stranger = weekly(2, (index) => ({
      id: `s${index}`,
      supplier: 'New',
      amount: index ? '510.10' : '48000.10',
    }));
    const [flag] = one([...weekly(40), ...stranger], 'unusual_amount');
    expect(flag).toMatchObject({ transactionId: 's0', statistics: { group: 'category' } });
    expect(one(stranger, 'unusual_amount')).toEqual([]);
  });

  test('weekdays are looked at apart where they differ', () => {
    // Mondays about 3000, other days about 500: 3000 is usual, but not on a Thursday.
    const books = weekly(120, (index) =>
      index % 5 === 0 ? { amount: `${3000 + ((index * 7) % 90)}.50` } : { date: day(7 * index + 3) },
    );
    const monday = books.map((each, index) => (index % 5 === 0 ? { ...each, date: day(7 * index) } : each));
    expect(one(monday, 'unusual_amount')).toEqual([]);
    const odd = monday.map((each, index) => (index === 51 ? { ...each, amount: '3040.50' } : each));
    const [flag] = one(odd, 'unusual_amount');
    expect(flag).toMatchObject({ transactionId: 'w0051', statistics: { group: 'supplier_weekday' } });
  });

  test('a constant amount may rise a little, not by half', () => {
    const rent = (amount: string) => weekly(20, (index) => ({ amount: index === 19 ? amount : '2000.00' }));
    expect(found(rent('2080.00'), { kinds: ['unusual_amount'] })).toEqual([]);
    expect(found(rent('3000.00'), { kinds: ['unusual_amount'] })).toEqual(['w0019 unusual_amount']);
  });
});

describe('duplicates', () => {
  const again = (change: Partial<Transaction>) => [
    ...weekly(20),
    { ...weekly(20)[9]!, id: 'again', date: day(70), ...change },
  ];

  test('one number, one amount', () => {
    const [flag] = one(again({}), 'duplicate');
    expect(flag).toMatchObject({ transactionId: 'again', severity: 'high', related: ['w0009'] });
    expect(flag?.reason.en).toContain('Invoice RE-1117 over 563.17 EUR was already paid on');
  });

  test.each(['RE1117', 're-1117', 'RE-01117', 'RE-l117', 'RE-1171', 'RE-11117', 'RE-117', 'RE-7117'])(
    'number %s instead of RE-1117 looks like a typing error or the same',
    (invoiceNumber) => {
      expect(found(again({ invoiceNumber })).join()).toMatch(/^again (near_)?duplicate$/);
    },
  );

  test.each([
    { invoiceNumber: 'RE-1118' },
    { invoiceNumber: 'RE-2230' },
    { amount: '563.18' },
    { supplier: 'Else' },
    { currency: 'USD' },
  ])('with %p it is another invoice', (change) => {
    expect(one(again(change), 'duplicate')).toEqual([]);
    expect(one(again(change), 'near_duplicate')).toEqual([]);
  });

  test('without numbers the same amount within days counts, unless that is the rhythm', () => {
    const plain = { invoiceNumber: null };
    const books = weekly(20, () => plain);
    const twice = { ...books[9]!, id: 'twice' };
    expect(found([...books, { ...twice, date: day(70) }])).toEqual(['twice near_duplicate']);
    expect(found([...books, twice])).toEqual(['w0009 duplicate']);
    expect(found([...books, { ...twice, date: day(73) }])).toEqual([]);
    const daily = Array.from({ length: 30 }, (_, index) => ({
      ...{ ...twice, id: `d${index}`, date: day(7 * Math.floor(index / 5) + (index % 5)), amount: '9.90' },
    }));
    expect(found(daily)).toEqual([]);
  });

  test('a credit note does not repeat an invoice', () => {
    expect(found(again({ amount: '-563.17', id: 'credit' }))).toEqual([]);
  });
});

describe('split payments', () => {
  const settings = { splitPayments: { approvalLimits: { EUR: 10_000 } } };
  const parts = (...amounts: string[]) =>
    amounts.map((amount, index) => ({
      ...weekly(1)[0]!,
      id: `p${index}`,
      amount,
      date: day(70 + index),
      invoiceNumber: `X${index}77`,
    }));

  test('parts under the limit that together exceed it', () => {
    const flags = one([...weekly(20), ...parts('6000.40', '6100.20')], 'split_payment', settings);
    expect(flags.map(({ transactionId }) => transactionId)).toEqual(['p0', 'p1']);
    expect(flags[0]).toMatchObject({
      related: ['p1'],
      statistics: { payments: 2, total: 12100.6, limit: 10000 },
    });
  });

  test.each<[string, Transaction[], AnomalySettingsInput]>([
    ['no limit is set', parts('6000.40', '6100.20'), {}],
    ['the sum stays under it', parts('4000.40', '4100.20'), settings],
    ['one part alone is over it', parts('10000.00', '2600.20'), settings],
    [
      'they are in another currency',
      parts('6000.40', '6100.20').map((each) => ({ ...each, currency: 'USD' })),
      settings,
    ],
    [
      'they lie far apart',
      parts('6000.40', '6100.20').map((each, index) => ({ ...each, date: day(70 + 5 * index) })),
      settings,
    ],
    [
      'the supplier is always paid so',
      weekly(60, (index) => ({ amount: `${6000 + index}.40`, date: day(index) })),
      settings,
    ],
  ])('none when %s', (_, transactions, given) => {
    expect(one(transactions, 'split_payment', given)).toEqual([]);
  });
});

test('round amounts stand out where amounts are not round', () => {
  const [flag] = one(weekly(40, at(20, { amount: '1000' })), 'round_amount');
  expect(flag).toMatchObject({
    transactionId: 'w0020',
    severity: 'low',
    statistics: { count: 39, roundShare: 0 },
  });
  expect(
    one(
      weekly(40, () => ({ amount: '2000.00' })),
      'round_amount',
    ),
  ).toEqual([]);
});

describe('bank details', () => {
  test('a new account of a known supplier, once, without its number', () => {
    const books = weekly(20, (index) => (index >= 10 ? { account: OTHER_IBAN } : {}));
    const flags = detectAnomalies(books);
    expect(flags.map(({ transactionId, kind }) => `${transactionId} ${kind}`)).toEqual([
      'w0010 new_bank_details',
    ]);
    expect(flags[0]?.statistics).toEqual({ paymentsBefore: 10, country: 'GB', countryBefore: 'DE' });
    expect(JSON.stringify(flags)).not.toContain(OTHER_IBAN.slice(0, 12));
    expect(flags[0]?.reason.en).toContain('ending in 6819');
  });

  test('another writing of the account is no new one; two accounts in the beginning are known', () => {
    expect(found(weekly(20, at(10, { account: 'de89 3704 0044 0532 0130 00' })))).toEqual([]);
    expect(found(weekly(20, (index) => (index % 2 ? { account: OTHER_IBAN } : {})))).toEqual([]);
  });

  test.each([
    [`${IBAN.slice(0, -1)}1`, true],
    [IBAN.slice(0, -1), true],
    ['DE00370400440532013000', true],
    [OTHER_IBAN, false],
    ['123-456-789', false],
  ])('account %s is an invalid IBAN: %p', (account, invalid) => {
    expect(
      one(
        weekly(1, () => ({ account })),
        'invalid_bank_details',
      ),
    ).toHaveLength(invalid ? 1 : 0);
  });
});

describe('non-working days', () => {
  test('weekends and holidays where the supplier is paid on workdays', () => {
    const flags = one(weekly(20, at(9, { date: day(68) })), 'non_working_day');
    expect(flags).toMatchObject([{ transactionId: 'w0009', statistics: { weekday: 6, holiday: 'no' } }]);
    const holidays = { nonWorkingDays: { holidays: [day(65 + 2)] } };
    expect(one(weekly(20), 'non_working_day', holidays)).toMatchObject([{ statistics: { holiday: 'yes' } }]);
  });

  test('not where that is usual, and not on the weekend of another country', () => {
    expect(found(weekly(20, (index) => ({ date: day(7 * index + 5) })))).toEqual([]);
    const friday = { nonWorkingDays: { weekend: [5, 6] } };
    expect(one(weekly(20, at(9, { date: day(69) })), 'non_working_day', friday)).toEqual([]);
  });
});

test('a first payment stands out when it is large and the books know better', () => {
  const first = (amount: string, on: number) => ({
    ...weekly(1)[0]!,
    id: 'first',
    supplier: 'New Ltd',
    amount,
    date: day(on),
  });
  const kinds: AnomalySettingsInput = { kinds: ['large_first_payment'] };
  expect(found([...weekly(40), first('900.10', 200)], kinds)).toEqual(['first large_first_payment']);
  expect(found([...weekly(40), first('540.10', 200)], kinds)).toEqual([]);
  expect(found([...weekly(40), first('900.10', 20)], kinds)).toEqual([]);
});

test.each<[string, unknown]>([
  ['an amount that is no decimal', { amount: '1,000' }],
  ['a number as amount', { amount: 12.5 }],
  ['a day that does not exist', { date: '2025-02-30' }],
  ['a currency that is none', { currency: 'euro' }],
  ['no supplier', { supplier: ' ' }],
  ['an unknown field', { vat: '19' }],
])('a transaction with %s is refused', (_, change) => {
  const input = [Object.assign({}, weekly(1)[0], change)];
  const thrown = caught(() => detectAnomalies(input));
  expect(isBizError(thrown, 'BIZ_ANOMALIES_INPUT_INVALID')).toBe(true);
});

test('an id that is there twice is refused by name, unknown settings too', () => {
  const twice = caught(() => detectAnomalies([...weekly(1), ...weekly(1)]));
  expect(isBizError(twice, 'BIZ_ANOMALIES_INPUT_INVALID')).toBe(true);
  expect(String(twice)).toContain('w0000');
  const settings = caught(() => parseAnomalySettings({ duplicates: { dayz: 3 } }));
  expect(isBizError(settings, 'BIZ_ANOMALIES_SETTINGS_INVALID')).toBe(true);
  expect(String(settings)).toContain('dayz');
});

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
