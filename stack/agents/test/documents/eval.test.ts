import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evalDocuments } from '../../src/eval/documents';
import { generatePdf } from './generated-pdf';

const dir = mkdtempSync(join(tmpdir(), 'bizstack-eval-documents-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function put(name: string, texts: readonly string[], expected: unknown): void {
  const pdf = generatePdf({ texts: texts.map((text, at) => ({ x: 60, y: 80 + at * 28, text })) });
  writeFileSync(join(dir, `${name}.pdf`), pdf);
  writeFileSync(join(dir, `${name}.json`), JSON.stringify(expected));
}

test('prints one line with every expected field, those of a label too', async () => {
  put(
    'one',
    [
      'Seaside Supplies GmbH',
      'Invoice No. 2024-117',
      'Invoice date 7 May 2024',
      'Booking ID: BK-77120',
      'Departure date: 9 May 2024',
      'Total EUR 238.00',
    ],
    [
      {
        issuer: 'Seaside Supplies GmbH',
        invoice_number: '2024-117',
        date: '2024-05-07',
        amount: 238,
        booking_id: 'BK-77120',
        departure_date: '2024-05-09',
        desc: 'Invoice from Seaside Supplies',
        seat: '12A',
      },
    ],
  );
  put('two', ['Harbour Tools Ltd', 'Invoice No. 9', 'Total GBP 12.00'], {
    issuer: 'Somebody Else Ltd',
    amount: '12.00',
    booking_id: 'X-1',
  });
  const printed: string[] = [];
  const out = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((line) => printed.push(String(line)) > 0);
  const log = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await evalDocuments(['--dir', dir, '--json']);
  } finally {
    out.mockRestore();
    log.mockRestore();
  }
  expect(printed).toHaveLength(1);
  const right = { correct: 1, total: 1 };
  expect(JSON.parse(printed[0] ?? '')).toEqual({
    issuer: { correct: 1, total: 2 },
    invoice_number: right,
    date: right,
    amount: { correct: 2, total: 2 },
    booking_id: { correct: 1, total: 2 },
    departure_date: right,
    desc: right,
    seat: { correct: 0, total: 1 },
  });
});
