import { extractDocument } from '../../src/documents';
import { valuesOf } from './rows';
import { CII, UBL } from './generated-xml';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('XML invoices', () => {
  it.each([
    ['UBL', UBL],
    ['CII', CII],
  ])('reads %s', async (_name, xml) => {
    const document = await extractDocument(bytes(xml));
    expect(document).toMatchObject({ kind: 'invoice', source: 'xml' });
    expect(valuesOf(document.fields)).toMatchObject({
      supplier: 'Nordlicht & Söhne GmbH',
      number: 'RE-815',
      date: '2026-01-31',
      dueDate: '2026-02-14',
      currency: 'EUR',
      net: 51.8,
      tax: 9.84,
      total: 61.64,
      iban: 'DE89370400440532013000',
      vatId: 'DE123456789',
      address: 'Hafenweg 4, 20457 Hamburg, DE',
    });
    expect(document.lines).toEqual([
      { description: 'Server', quantity: 2, unitPrice: 25.9, taxRate: 19, total: 51.8, confidence: 1 },
    ]);
    expect(document.checks.every((check) => check.ok)).toBe(true);
  });

  it('refuses a document type, so that no entity can be expanded', async () => {
    const bomb =
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><Invoice>&c;</Invoice>';
    await expect(extractDocument(bytes(bomb))).rejects.toMatchObject({ code: 'BIZ_DOCUMENT_BROKEN' });
  });

  it('refuses what is not well-formed and what is no invoice', async () => {
    await expect(extractDocument(bytes('<Invoice><ID>1</Invoice>'))).rejects.toMatchObject({
      code: 'BIZ_DOCUMENT_BROKEN',
    });
    await expect(extractDocument(bytes('<html><p>hi</p></html>'))).rejects.toMatchObject({
      code: 'BIZ_DOCUMENT_UNSUPPORTED',
    });
  });
});
