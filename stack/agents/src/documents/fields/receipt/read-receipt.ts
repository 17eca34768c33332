import { textOf, type Line } from '../../layout/lines';
import type { DocumentFields, Extraction } from '../../types';
import { present } from '../../xml/fields';
import { readCurrency } from '../currency';
import { readVatId } from '../ids';
import { readNumber } from '../invoice/number';
import { readLines } from '../lines';
import { readReceiptDate } from './date';
import { readHeader } from './header';
import { readTotals } from './total';

/** Till receipt: seller on top, items, sums, payment. */
export function readReceipt(
  lines: readonly Line[],
  { dayFirst, ocr }: { dayFirst: boolean; ocr: boolean },
): Extraction {
  const text = textOf(lines);
  const { company, address } = readHeader(lines);
  const { total, net, tax } = readTotals(lines);
  const vatId = readVatId(text);
  const fields = present<DocumentFields>({
    supplier: company,
    issuer: company,
    address,
    date: readReceiptDate(lines, dayFirst),
    number: readNumber(lines),
    currency: readCurrency({ text, atTotal: undefined, countryCode: vatId?.value.slice(0, 2) }),
    total,
    net,
    tax,
    vatId,
    customer: undefined,
    orderNumber: undefined,
    dueDate: undefined,
    iban: undefined,
    bic: undefined,
    registrationNumber: undefined,
    website: undefined,
    paymentMethod: undefined,
  });
  return { fields, lines: readLines(lines, ocr) };
}
