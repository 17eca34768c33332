import { readReceipt } from '../../src/documents/fields/receipt/read-receipt';
import { comparableName } from '../../src/documents/fields/business-names';
import { fieldsOf, rows } from './rows';

const read = (text: string) => readReceipt(rows(text.replace(/^\n/, '')), { dayFirst: true, ocr: true });

describe('receipt rules', () => {
  it('reads seller, address, date and total, each with confidence and reason', () => {
    const { fields } = read(`
tan mei ling
        HARBOUR HARDWARE & TOOLS
              (SA0123456-T)
      NO. 7, JALAN MELATI 2,
      41050 KLANG, SELANGOR.
      TEL: 03-3333 4444
          TAX INVOICE
Date: 05/02/2018 11:20
HAMMER              1  22.00   22.00
Total Sales (Excluding GST)    22.00
Total GST                       1.32
Rounding                       -0.02
Total Sales (Inclusive of GST) 23.30
CASH                           50.00
Change                         26.70`);
    expect(fields.supplier?.value).toBe('HARBOUR HARDWARE & TOOLS');
    expect(fields.address?.value).toBe('NO. 7, JALAN MELATI 2, 41050 KLANG, SELANGOR.');
    expect(fields.date?.value).toBe('2018-02-05');
    expect(fields.total?.value).toBe(23.3);
    expect(fields.total?.reason).toContain('cash less change');
    expect(fields.tax?.value).toBe(1.32);
    expect(fields.net?.value).toBe(22);
    for (const [, field] of fieldsOf(fields)) {
      expect(field.confidence).toBeGreaterThan(0);
      expect(field.confidence).toBeLessThanOrEqual(1);
      expect(field.reason).not.toBe('');
    }
  });

  it('takes the rounded total, not the sum before rounding', () => {
    const { fields } = read(`
MINI MARKET RIA SDN BHD
18/03/2018
TOTAL                 RM 33.92
ROUNDING ADJUSTMENT   -RM 0.02
TOTAL ROUNDED         RM 33.90
CASH                  RM 50.00
CHANGE                RM 16.10`);
    expect(fields.total?.value).toBe(33.9);
  });

  it('trusts arithmetic where a label cannot be read', () => {
    const { fields } = read(`
KEDAI RUNCIT MAJU
Sub Total    68.87
GST 6%        4.13
T*?!:        73.00
CASH        100.00
CHANGE       27.00`);
    expect(fields.total?.value).toBe(73);
  });

  it('keeps sums of the tax table out', () => {
    const { fields } = read(`
KEDAI RUNCIT MAJU
TOTAL          9.00
GST SUMMARY  AMOUNT   TAX
SR             8.49  0.51
Total:         8.49  0.51`);
    expect(fields.total?.value).toBe(9);
  });

  it('puts a name of several lines together', () => {
    const { fields } = read(`
   PERTAMA BESI HARDWARE
    ENTERPRISE (BANDAR
     BARU) SDN BHD
       822737-X
NO. 17, JALAN SETIA 3, 40170 SHAH ALAM
TOTAL 15.00`);
    expect(fields.supplier?.value).toBe('PERTAMA BESI HARDWARE ENTERPRISE (BANDAR BARU) SDN BHD');
  });

  it('leaves out what is not there', () => {
    const { fields, lines } = read('HELLO');
    expect(fields.total).toBeUndefined();
    expect(fields.date).toBeUndefined();
    expect(lines).toEqual([]);
  });
});

describe('names are compared', () => {
  it.each([
    ['S.H.H. MOTOR SDN. BHD.', 'SHH Motor Sdn Bhd'],
    ['99 SPEED MART S/B', '99 Speedmart Sdn Bhd'],
    ['Coolblue B.V.', 'COOLBLUE BV'],
    ['Amazon Web Services, Inc.', 'Amazon Web Services'],
  ])('%s is %s', (a, b) => {
    expect(comparableName(a)).toBe(comparableName(b));
  });

  it.each([
    ['TED HENG STATIONERY', 'TEO HENG STATIONERY'],
    ['MR D.I.Y. (M) SDN BHD', 'MR D.I.Y. (JOHOR) SDN BHD'],
    ['SAM TRADING', 'SAM SAM TRADING'],
    ['ABC Trading Co', 'ABC'],
  ])('%s is not %s', (a, b) => {
    expect(comparableName(a)).not.toBe(comparableName(b));
  });
});
