import { textOf, type Line } from '../../layout/lines';
import type { DocumentFields, Extraction } from '../../types';
import { present } from '../../xml/fields';
import { LIMITS } from '../../limits';
import { readCurrency } from '../currency';
import { readBic, readIban, readPaymentMethod, readRegistrationNumber, readVatId } from '../ids';
import { readLines } from '../lines';
import { dayComesFirst, readDueDate, readIssueDate } from './dates';
import { readNumber, readOrderNumber } from './number';
import { domainsOf, readSupplier } from './supplier';
import { readInvoiceTotals } from './totals';

/** Invoice of any vendor: labels in many languages, values beside or below them. */
export function readInvoice(
  allLines: readonly Line[],
  { dayFirst: preference, ocr }: { dayFirst: boolean | undefined; ocr: boolean },
): Extraction {
  // Head and foot of a document of hundreds of pages: the rules compare lines with each other.
  const long = allLines.length > 2 * LIMITS.fieldLines;
  const lines = long
    ? [...allLines.slice(0, LIMITS.fieldLines), ...allLines.slice(-LIMITS.fieldLines)]
    : allLines;
  const text = textOf(lines);
  const { total, net, tax, currency: atTotal } = readInvoiceTotals(lines, ocr);
  const [iban, vatId] = [readIban(text), readVatId(text)];
  const countryCode = (vatId?.value ?? iban?.value)?.slice(0, 2);
  const currency = readCurrency({ text, atTotal, countryCode });
  // Who bills in US dollars usually writes the month first.
  const dayFirst = dayComesFirst(text, preference ?? currency?.value !== 'USD');
  const { supplier, issuer, address, customer } = readSupplier(lines, text);
  const domain = domainsOf(text)[0]?.domain;
  const fields = present<DocumentFields>({
    supplier,
    issuer,
    address,
    customer,
    number: readNumber(lines),
    orderNumber: readOrderNumber(lines),
    date: readIssueDate(lines, dayFirst),
    dueDate: readDueDate(lines, dayFirst),
    currency,
    total,
    net,
    tax,
    iban,
    bic: readBic(text),
    vatId,
    registrationNumber: readRegistrationNumber(lines),
    website:
      domain === undefined
        ? undefined
        : { value: domain, confidence: 0.6, reason: 'The most frequent web address.' },
    paymentMethod: readPaymentMethod(text),
  });
  return { fields, lines: readLines(allLines, ocr) };
}
