import { readInvoice } from '../../src/documents/fields/invoice/read-invoice';
import { checksOf } from '../../src/documents/checks';
import { rows, valuesOf } from './rows';

const read = (text: string, dayFirst?: boolean) =>
  readInvoice(rows(text.replace(/^\n/, '')), { dayFirst, ocr: false });

describe('invoice rules', () => {
  it('reads a German invoice', () => {
    const invoice = read(`
Nordlicht Hosting GmbH - Hafenweg 4 - 20457 Hamburg
Muster & Söhne KG                          Rechnungsnr.:    RE-2023-0815
Feldstr. 9                                 Rechnungsdatum:  4. März 2023
12345 Berlin                               Fällig am:       18.03.2023
Pos  Beschreibung               Menge   Einzelpreis   Gesamtpreis
1    Server klein                   2         19,90         39,80
2    Domain                         1         12,00         12,00
Nettobetrag                                                 51,80
19 % MwSt.                                                   9,84
Rechnungsbetrag                                         61,64 EUR
USt-IdNr.: DE123456789     IBAN DE89 3704 0044 0532 0130 00    BIC COBADEFFXXX`);
    expect(valuesOf(invoice.fields)).toMatchObject({
      supplier: 'Nordlicht Hosting GmbH',
      issuer: 'Nordlicht Hosting GmbH',
      number: 'RE-2023-0815',
      date: '2023-03-04',
      dueDate: '2023-03-18',
      currency: 'EUR',
      net: 51.8,
      tax: 9.84,
      total: 61.64,
      iban: 'DE89370400440532013000',
      bic: 'COBADEFFXXX',
      vatId: 'DE123456789',
    });
    expect(invoice.lines).toMatchObject([
      { description: 'Server klein', quantity: 2, unitPrice: 19.9, total: 39.8 },
      { description: 'Domain', quantity: 1, unitPrice: 12, total: 12 },
    ]);
    expect(checksOf(invoice).map(({ name, ok }) => [name, ok])).toEqual([
      ['net_plus_tax_equals_total', true],
      ['lines_equal_net', true],
      ['iban_valid', true],
      ['due_after_date', true],
    ]);
  });

  it('reads a French invoice with labels above their values', () => {
    const { fields } = read(`
Librairie du Port SARL
Facture n°        Date de facturation    Client
FA20190412        12/04/2019             Durand
Total HT                                  100,00 €
TVA 20 %                                   20,00 €
Total TTC                                 120,00 €`);
    expect(valuesOf(fields)).toMatchObject({
      supplier: 'Librairie du Port SARL',
      number: 'FA20190412',
      date: '2019-04-12',
      net: 100,
      tax: 20,
      total: 120,
      currency: 'EUR',
    });
  });

  it('reads an American invoice month first and leaves the customer alone', () => {
    const { fields } = read(`
Invoice
Invoice #: INV/2023/03/0008
Date: 03/04/2023
Bill to:                           From:
Riverside Foods LLC                Acme Analytics, Inc.
Subtotal                            $1,100.00
Sales tax                              $88.00
Amount due                          $1,188.00`);
    expect(valuesOf(fields)).toMatchObject({
      supplier: 'Acme Analytics, Inc.',
      number: 'INV/2023/03/0008',
      date: '2023-03-04',
      currency: 'USD',
      total: 1188,
      net: 1100,
      tax: 88,
    });
  });

  it('gives the brand as issuer and the seller as supplier', () => {
    const { fields } = read(`
Retail Invoice
Sold By:  North Star Retail Pvt. Ltd.
Invoice No:  NSR-77120
Invoice Date: 20-10-2015
Grand Total   Rs. 319.00
Marketopia Customer Care    www.marketopia.com/help`);
    expect(valuesOf(fields)).toMatchObject({
      supplier: 'North Star Retail Pvt. Ltd.',
      issuer: 'Marketopia',
      currency: 'INR',
      total: 319,
    });
  });

  it('says when the figures do not add up', () => {
    const invoice = read(`
Fox Ltd
Invoice No: 1001
Net amount       100.00
VAT 20%           20.00
Total due        125.00`);
    expect(checksOf(invoice)).toContainEqual({
      name: 'net_plus_tax_equals_total',
      ok: false,
      detail: '100.00 + 20.00 = 120.00, total 125.00',
    });
  });

  it('takes no order date, due date or amount for what it is not', () => {
    const { fields } = read(`
Fox Ltd
Order date: 01/03/2023
Due date: 30/04/2023
Invoice date: 31/03/2023
Discount          10.00
Total             90.00`);
    expect(fields.date?.value).toBe('2023-03-31');
    expect(fields.dueDate?.value).toBe('2023-04-30');
    expect(fields.total?.value).toBe(90);
  });

  it('reads head and foot of a very long document', () => {
    const items = Array.from({ length: 3000 }, (_, at) => `Item ${at}   1.00`).join('\n');
    const { fields, lines } = read(
      `Fox Ltd\nInvoice No: 1001\nDescription   Amount\n${items}\nTotal due   3,000.00`,
    );
    expect(valuesOf(fields)).toMatchObject({ supplier: 'Fox Ltd', number: '1001', total: 3000 });
    expect(lines).toHaveLength(3000);
  });
});
