import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { closeDocumentReader, DOCUMENT_LIMITS, extractDocument } from '../../src/documents';
import { evalDocuments } from '../../src/eval/documents';
import { generatePdf } from './generated-pdf';
import { drawReceipt } from './generated-receipt';
import { CII } from './generated-xml';

const PRINTED = [
  { x: 40, y: 50, text: 'Fox Analytics Ltd', size: 16 },
  { x: 40, y: 100, text: 'Invoice number' },
  { x: 160, y: 100, text: 'FX-2041' },
  { x: 40, y: 120, text: 'Invoice date' },
  { x: 160, y: 120, text: '7 May 2024' },
  { x: 40, y: 300, text: 'Net amount' },
  { x: 400, y: 300, text: 'GBP 100.00' },
  { x: 40, y: 320, text: 'VAT 20%' },
  { x: 400, y: 320, text: 'GBP 20.00' },
  { x: 40, y: 340, text: 'Total due' },
  { x: 400, y: 340, text: 'GBP 120.00' },
];

/** A PNG of a few bytes that claims this size. */
function hugePng(side: number): Uint8Array {
  const chunk = (name: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.from('789c636000000002000148afa471', 'hex')),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

afterAll(closeDocumentReader);

describe('extractDocument', () => {
  it('reads the text layer of a PDF', async () => {
    const document = await extractDocument(generatePdf({ texts: PRINTED }));
    expect(document).toMatchObject({
      kind: 'invoice',
      source: 'text-layer',
      pages: 1,
      fields: {
        supplier: { value: 'Fox Analytics Ltd' },
        number: { value: 'FX-2041' },
        date: { value: '2024-05-07' },
        currency: { value: 'GBP' },
        net: { value: 100 },
        tax: { value: 20 },
        total: { value: 120 },
      },
    });
    expect(document.checks).toContainEqual(
      expect.objectContaining({ name: 'net_plus_tax_equals_total', ok: true }),
    );
    expect(document.text).toContain('Fox Analytics Ltd');
  });

  it('prefers the XML inside a PDF to the print', async () => {
    const attachment = { name: 'factur-x.xml', content: CII };
    const document = await extractDocument(generatePdf({ texts: PRINTED, attachment }));
    expect(document).toMatchObject({ source: 'xml', fields: { number: { value: 'RE-815', confidence: 1 } } });
  });

  it('goes by the print when the attachment is no invoice', async () => {
    const attachment = { name: 'notes.xml', content: '<notes/>' };
    const document = await extractDocument(generatePdf({ texts: PRINTED, attachment }));
    expect(document).toMatchObject({ source: 'text-layer', fields: { number: { value: 'FX-2041' } } });
  });

  it.each([0, 4])('reads a photo that is turned by %d degrees', async (degrees) => {
    const document = await extractDocument(drawReceipt({ degrees }));
    expect(document).toMatchObject({
      kind: 'receipt',
      source: 'ocr',
      fields: {
        supplier: { value: 'SEASIDE TRADING SDN BHD' },
        date: { value: '2018-03-21' },
        total: { value: 30.7 },
        currency: { value: 'MYR' },
      },
    });
  });

  it('reads a scanned PDF', async () => {
    const jpeg = { bytes: drawReceipt(), width: 640, height: 1000 };
    const document = await extractDocument(generatePdf({ jpeg }), { kind: 'receipt' });
    expect(document).toMatchObject({
      source: 'ocr',
      fields: { total: { value: 30.7 }, date: { value: '2018-03-21' } },
    });
  });

  it('asks the resolver only for what is open, and checks its answers', async () => {
    const asked: (readonly string[])[] = [];
    const texts = PRINTED.filter(({ text }) => !/Ltd|2024|Invoice date/.test(text)).concat({
      x: 40,
      y: 50,
      text: 'fox stuff',
      size: 10,
    });
    const document = await extractDocument(generatePdf({ texts }), {
      resolveOpen: async (_text, missing) => {
        asked.push(missing);
        return { date: 'soon', supplier: 'Somebody Else Inc', total: 999 };
      },
    });
    expect(asked).toEqual([expect.arrayContaining(['date'])]);
    expect(asked[0]).not.toContain('total');
    expect(document.fields.date).toBeUndefined();
    expect(document.fields.supplier?.value).not.toBe('Somebody Else Inc');
    expect(document.fields.total?.value).toBe(120);
  });

  it.each([
    ['EMPTY', new Uint8Array()],
    ['UNSUPPORTED', new TextEncoder().encode('just words')],
    ['BROKEN', new TextEncoder().encode('%PDF-1.7\nnothing of use')],
    ['BROKEN', drawReceipt().subarray(0, 400)],
    ['ENCRYPTED', generatePdf({ texts: PRINTED, encrypted: true })],
    ['TOO_BIG', new Uint8Array(DOCUMENT_LIMITS.bytes + 1)],
    ['TOO_BIG', generatePdf({ texts: PRINTED, pages: DOCUMENT_LIMITS.pages + 1 })],
    ['TOO_BIG', hugePng(60_000)],
  ])('refuses with %s', async (failure, bytes) => {
    await expect(extractDocument(bytes)).rejects.toMatchObject({ code: `BIZ_DOCUMENT_${failure}` });
  });

  it('stops for an abort signal and reads the next document', async () => {
    const controller = new AbortController();
    const aborted = extractDocument(drawReceipt(), { signal: controller.signal });
    const waiting = extractDocument(generatePdf({ texts: PRINTED }));
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'BIZ_DOCUMENT_ABORTED' });
    await expect(waiting).resolves.toMatchObject({ fields: { number: { value: 'FX-2041' } } });
    await expect(extractDocument(drawReceipt(), { signal: controller.signal })).rejects.toMatchObject({
      code: 'BIZ_DOCUMENT_ABORTED',
    });
  });
});

describe('npm run eval -- documents', () => {
  it('prints one JSON line of correct and total a field', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'documents-eval-'));
    try {
      await writeFile(join(dir, 'a.pdf'), generatePdf({ texts: PRINTED }));
      const expected = {
        issuer: 'FOX ANALYTICS LTD.',
        date: '2024-05-07',
        amount: 120,
        invoice_number: 'FX-9',
        desc: 'x',
      };
      await writeFile(join(dir, 'a.json'), JSON.stringify([expected]));
      const printed = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
      jest.spyOn(process.stderr, 'write').mockReturnValue(true);
      await evalDocuments(['--dir', dir, '--json']);
      expect(printed.mock.calls).toHaveLength(1);
      expect(JSON.parse(String(printed.mock.calls[0]?.[0]))).toEqual({
        issuer: { correct: 1, total: 1 },
        date: { correct: 1, total: 1 },
        amount: { correct: 1, total: 1 },
        invoice_number: { correct: 0, total: 1 },
        desc: { correct: 0, total: 1 },
      });
    } finally {
      jest.restoreAllMocks();
      await rm(dir, { recursive: true });
    }
  });

  it('says what is wrong with a folder', async () => {
    await expect(evalDocuments(['--dir', '/nowhere-at-all'])).rejects.toMatchObject({
      code: 'BIZ_EVAL_DIR_UNREADABLE',
    });
    await expect(evalDocuments([])).rejects.toMatchObject({ code: 'BIZ_EVAL_OPTION_MISSING' });
  });
});
