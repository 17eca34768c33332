import fc from 'fast-check';
import { exponentOf } from '../src/domain/currency';
import { isIban } from '../src/domain/iban';
import { numberKey, problemsOf, supplierKey } from '../src/domain/invoice-check';
import { balanced, credit, debit, reversed } from '../src/domain/ledger';
import {
  divideRounded,
  formatMoney,
  interestFor,
  lineAmount,
  parseMoney,
  percentOf,
  shareOf,
} from '../src/domain/money';
import { totalsOf } from '../src/domain/totals';
import { readUbl } from '../src/extraction/ubl';
import { creditTransfer, endToEndId, sepaText } from '../src/payments/sepa';
import { supplierInvoice } from './support/supplier-invoices';

const currency = fc.constantFrom('EUR', 'USD', 'JPY', 'KWD', 'CLF');
const minor = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n });
const decimal = (places: number) =>
  fc
    .tuple(fc.nat(1_000_000), fc.nat(10 ** places - 1))
    .map(([whole, part]) => `${whole}.${String(part).padStart(places, '0')}`);

test('what is written is read again, in every currency', () => {
  fc.assert(
    fc.property(minor, currency, (amount, code) => {
      const text = formatMoney(amount, code);
      expect(text.split('.')[1]?.length ?? 0).toBe(exponentOf(code));
      expect(parseMoney(text, code)).toBe(amount);
    }),
  );
});

test('rounding is off by half a unit at most, and symmetric', () => {
  fc.assert(
    fc.property(minor, fc.bigInt({ min: 1n, max: 10n ** 9n }), (n, d) => {
      const rounded = divideRounded(n, d);
      const error = rounded * d - n;
      expect(2n * (error < 0n ? -error : error) <= d).toBe(true);
      expect(divideRounded(-n, d)).toBe(-rounded);
    }),
  );
});

test('a line is what exact arithmetic says, where floats go wrong', () => {
  expect(lineAmount('1.005', '1', 'EUR')).toBe(101n);
  expect(lineAmount('0.1', '3', 'EUR')).toBe(30n);
  expect(lineAmount('33.33', '0.5', 'EUR')).toBe(1667n);
  expect(lineAmount('-33.33', '0.5', 'EUR')).toBe(-1667n);
  expect(percentOf(2n, '25')).toBe(1n);
  expect(interestFor(26_853n, '9.12', 14)).toBe(94n);
  fc.assert(
    fc.property(fc.nat(10 ** 8), fc.nat(10 ** 4), (cents, quantity) => {
      expect(lineAmount(formatMoney(BigInt(cents), 'EUR'), String(quantity), 'EUR')).toBe(
        BigInt(cents) * BigInt(quantity),
      );
    }),
  );
});

test('totals add up: net and tax make gross, and the rates make both', () => {
  const line = fc.record({
    description: fc.constant('x'),
    quantity: decimal(2),
    unitPrice: decimal(4),
    taxRate: fc.constantFrom('0', '7', '7.0', '19', '19.00', '25.5'),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), currency, (lines, code) => {
      const priced = [...lines, { description: 'y', quantity: '1', unitPrice: '1', taxRate: '0' }];
      const { net, tax, gross, byRate } = totalsOf(priced, code);
      expect(net + tax).toBe(gross);
      expect(byRate.reduce((sum, one) => sum + one.net, 0n)).toBe(net);
      expect(byRate.reduce((sum, one) => sum + one.tax, 0n)).toBe(tax);
      expect(totalsOf([...priced].reverse(), code)).toMatchObject({ net, tax, gross });
      expect(new Set(byRate.map(({ rate }) => rate)).size).toBe(byRate.length);
    }),
  );
});

test('refunds bit by bit give back exactly the tax, however they are cut', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 9n }),
      fc.array(fc.bigInt({ min: 1n, max: 10n ** 8n }), { minLength: 1, maxLength: 20 }),
      (tax, pieces) => {
        const total = pieces.reduce((sum, piece) => sum + piece, 0n);
        let before = 0n;
        let given = 0n;
        for (const piece of pieces) {
          given += shareOf(tax, total, before, piece);
          before += piece;
        }
        expect(given).toBe(tax);
      },
    ),
  );
});

test('an entry that is not balanced is refused, and its reversal takes everything back', () => {
  fc.assert(
    fc.property(fc.array(minor, { minLength: 1, maxLength: 8 }), (amounts) => {
      const sum = amounts.reduce((total, amount) => total + amount, 0n);
      const postings = [...amounts.map((amount) => debit('6000', amount)), credit('1000', sum)];
      const lines = balanced(postings);
      expect(lines.every((line) => line.debit >= 0n && line.credit >= 0n)).toBe(true);
      const saldo = [...lines, ...reversed(lines)].reduce(
        (total, line) => total + (line.account === '6000' ? line.debit - line.credit : 0n),
        0n,
      );
      expect(saldo).toBe(0n);
      expect(() => balanced([...postings, debit('6000', 1n)])).toThrow('Debit and credit differ');
    }),
  );
});

test.each(['1,50', '1e3', '', ' 1', '0x10', '1.', '.5', '--1', 'NaN', '1.005'])(
  '"%s" is not an amount in EUR',
  (text) => {
    expect(() => parseMoney(text, 'EUR')).toThrow();
  },
);

test('an IBAN with one wrong digit or two exchanged ones is refused', () => {
  const iban = 'DE89370400440532013000';
  expect(isIban(iban)).toBe(true);
  fc.assert(
    fc.property(fc.integer({ min: 4, max: iban.length - 1 }), fc.integer({ min: 1, max: 9 }), (at, add) => {
      const digit = (Number(iban[at]) + add) % 10;
      expect(isIban(`${iban.slice(0, at)}${digit}${iban.slice(at + 1)}`)).toBe(false);
    }),
  );
});

test('a payment file holds no character that SEPA or XML would refuse', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
      expect(sepaText(name, 70)).toMatch(/^[A-Za-z0-9/\-?:().,'+ ]{1,70}$/);
      expect(endToEndId(name)).toMatch(/^[A-Z0-9]{35}$/);
    }),
  );
});

test('SEPA refuses another currency and a wrong IBAN', () => {
  const order = {
    key: 'k',
    amount: '1.00',
    currency: 'EUR',
    creditor: { name: 'A', iban: 'DE89370400440532013000' },
    purpose: 'x',
    executeOn: '2026-01-01',
  };
  const account = { name: 'B', iban: 'DE02120300000000202051' };
  expect(creditTransfer(order, account, 'X')).toContain('<InstdAmt Ccy="EUR">1.00</InstdAmt>');
  expect(() => creditTransfer({ ...order, currency: 'USD' }, account, 'X')).toThrow('EUR only');
  expect(() =>
    creditTransfer({ ...order, creditor: { name: 'A', iban: 'DE88370400440532013000' } }, account, 'X'),
  ).toThrow('check digits');
});

test('the reader of UBL throws coded errors only', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      for (const xml of [text, `<Invoice>${text}</Invoice>`]) {
        try {
          readUbl(xml);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BIZ_EXTRACT_UNREADABLE' });
        }
      }
    }),
  );
});

test('spellings of one invoice have one key', () => {
  expect(numberKey(' inv-0012/26 ')).toBe(numberKey('INV 001226'));
  expect(supplierKey({ name: 'Söhne  GmbH' })).toBe(supplierKey({ name: 'söhne gmbh.' }));
  expect(supplierKey({ name: 'A', vatId: 'DE 1.2' })).toBe(supplierKey({ name: 'B', vatId: 'de12' }));
});

test('the check of an invoice names what is wrong', () => {
  expect(problemsOf(supplierInvoice())).toEqual([]);
  expect(problemsOf(supplierInvoice({ net: '99.00', gross: '118.00' })).join()).toContain(
    'lines do not add up',
  );
  expect(problemsOf(supplierInvoice({ dueOn: '2026-01-01' })).join()).toContain('due before');
  expect(problemsOf(supplierInvoice({ net: '100.005' })).join()).toContain('decimal places');
});
