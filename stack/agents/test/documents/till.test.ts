import fc from 'fast-check';
import { readReceipt } from '../../src/documents/fields/receipt/read-receipt';
import { DATE_FORMATS, tillReceipt } from './generated-till';
import { rows } from './rows';

const read = (text: string) => readReceipt(rows(text), { dayFirst: true, ocr: true }).fields;

describe('receipts of any till', () => {
  it('give total and date, whatever the labels, the rounding, the payment and the table of taxes', () => {
    fc.assert(
      fc.property(tillReceipt, ({ text, total, date }) => {
        const fields = read(text);
        expect([Math.round((fields.total?.value ?? NaN) * 100), fields.date?.value]).toEqual([total, date]);
      }),
      { numRuns: 400 },
    );
  });

  it('give the date in every writing, also without a space before the time', () => {
    const day = fc.date({ min: new Date('2008-01-01'), max: new Date('2029-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.constantFrom(...DATE_FORMATS), fc.boolean(), (date, write, gap) => {
        const line = `Date: ${write(date)}${gap ? ' ' : '  '}10:42`;
        expect(read(`KEDAI MAJU\n${line}\nTOTAL 5.00`).date?.value).toBe(date.toISOString().slice(0, 10));
      }),
    );
  });
});

describe('dates as scanners see them', () => {
  it.each([
    'Date: 25/12/2O18',
    'Date: 25/l2/2018',
    '25/12/201810:20',
    'DATE:25/12/18 10:20',
    'Date 25DEC18',
    'Date:25-DEC-201810:20',
    'Date : 2018-12-25T10:20:00',
    '25 / 12 / 2018',
    'DEC/25/2018',
    '25-12-18,10:20',
    'Date: 25 12 2018',
    'Date: 25,12,2018',
    'Date: 25:12:2018',
    "25 Dec '18",
    '12/25/2018 10:20',
  ])('reads %s', (line) => {
    expect(read(`KEDAI MAJU\n${line}\nTOTAL 5.00`).date?.value).toBe('2018-12-25');
  });

  it.each(['TEL: 03 12 2018', 'Table 12 10 2018 mm', '1,12,2018 points'])('sees none in %s', (line) => {
    expect(read(`KEDAI MAJU\n${line}\nTOTAL 5.00`).date).toBeUndefined();
  });
});

describe('addresses', () => {
  it.each([
    ['L0T 12-A, JALAN SETIA', 'LOT 12-A, JALAN SETIA'],
    ['10T 12-A, JALAN SETIA', 'LOT 12-A, JALAN SETIA'],
    ['NO. 4, JALAN SET1A, SHAH ALAN', 'NO. 4, JALAN SETIA, SHAH ALAM'],
    ['Leve1 6, Jalan SS21/39, 47400 Peta1ing Jaya', 'Level 6, Jalan SS21/39, 47400 Petaling Jaya'],
    ['45600 BATANG BERJUNTAl', '45600 BATANG BERJUNTAI'],
    ['43300 SELANG0R', '43300 SELANGOR'],
  ])('%s is read as %s', (printed, expected) => {
    expect(read(`KEDAI MAJU SDN BHD\n${printed}\nTAX INVOICE\nTOTAL 5.00`).address?.value).toBe(expected);
  });

  it.each([
    'NO. 17-G, JALAN U13/X',
    '2-1-1 JALAN PRIMA Q U 13/Q',
    'LOT 1851-A, JALAN KPB 6',
    'JALAN11, TAMAN MELATI',
  ])('leaves %s as it is', (printed) => {
    expect(read(`KEDAI MAJU SDN BHD\n${printed}\nTAX INVOICE\nTOTAL 5.00`).address?.value).toBe(printed);
  });

  it('ends before the number of the company', () => {
    const { address } = read(
      'KEDAI MAJU\nNO. 7, JALAN MELATI,\n41050 KLANG\nCompany Reg No. :SA0123456-P\nTAX INUOICE\nTOTAL 5.00',
    );
    expect(address?.value).toBe('NO. 7, JALAN MELATI, 41050 KLANG');
  });
});
