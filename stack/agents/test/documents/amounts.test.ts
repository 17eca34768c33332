import fc from 'fast-check';
import { findAmounts, parseNumber, repairOcrNumbers } from '../../src/documents/fields/amounts';

const values = (text: string): number[] => findAmounts(text).map((amount) => amount.value);

describe('amounts', () => {
  it.each([
    ['1,234.56', 1234.56],
    ['1.234,56', 1234.56],
    ["1'234.50", 1234.5],
    ['12,5', 12.5],
    ['1.234.567', 1234567],
    ['1,234', 1234],
    ['0.125', 0.125],
  ])('reads %s', (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  it.each([
    ['Total RM 30.70', [30.7], 'MYR'],
    ['€ 1.717,97', [1717.97], 'EUR'],
    ['Rs 1939', [1939], 'INR'],
    ['HK$ 20.00', [20], 'HKD'],
    ['34,73 EUR', [34.73], 'EUR'],
    ['-RM 0.02', [-0.02], 'MYR'],
  ])('finds the amount and its currency in %s', (text, amounts, currency) => {
    expect(values(text)).toEqual(amounts);
    expect(findAmounts(text)[0]?.currency).toBe(currency);
  });

  it.each(['14.50%', '03-51213881', '25/12/2018', '10:27:03', 'ISO 9001', 'v1.2.3.4'])(
    'finds no amount in %s',
    (text) => {
      expect(values(text)).toEqual([]);
    },
  );

  it('repairs what a recogniser makes of figures', () => {
    expect(values(repairOcrNumbers('TOTAL 73. 00'))).toEqual([73]);
    expect(values(repairOcrNumbers('CASH RM 1O.0O'))).toEqual([10]);
    expect(values(repairOcrNumbers('Total RN 86.00'))).toEqual([86]);
  });

  it('reads back every amount however a country writes it', () => {
    const locales = ['en-US', 'de-DE', 'fr-FR', 'de-CH', 'en-IN'];
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 99_999_999 }),
        fc.constantFrom(...locales),
        (hundredths, locale) => {
          const written = new Intl.NumberFormat(locale, { minimumFractionDigits: 2 }).format(
            hundredths / 100,
          );
          expect(values(`Total ${written} paid`)).toEqual([hundredths / 100]);
        },
      ),
    );
  });

  it('never throws and gives finite numbers for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        expect(findAmounts(text).every((amount) => Number.isFinite(amount.value))).toBe(true);
      }),
    );
  });
});
