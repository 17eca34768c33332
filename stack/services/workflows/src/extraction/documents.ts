import type * as Documents from '@bizstack/agents/documents';
import type { ExtractedDocument, Field } from '@bizstack/agents/documents';
import { BizError } from '@bizstack/contracts';
import { exponentOf } from '../domain/currency';
import type { DocumentExtractor } from './extractor';

let documents: Promise<typeof Documents> | undefined;
/** Loaded for the first document: most workers start without one. */
const loadDocuments = () => (documents ??= import('@bizstack/agents/documents'));

/** What is less certain than this a person fills in. */
const CERTAIN = 0.5;

/**
 * Reads PDF files, pictures and XML invoices in this process (in a thread of its own), by text layer or OCR and by
 * rules. Nothing leaves the machine.
 */
export const documentExtractor: DocumentExtractor = {
  name: 'documents',
  accepts: ({ kind }) => kind === 'document',
  async extract(document, signal) {
    if (document.kind !== 'document') {
      throw new BizError('BIZ_EXTRACT_UNREADABLE', 'This is not a document.');
    }
    const { mediaType, base64 } = document;
    const bytes = Buffer.from(base64, 'base64');
    const { extractDocument } = await loadDocuments();
    const read = await extractDocument(bytes, { mediaType, kind: 'invoice', signal });
    return { fields: invoiceFields(read), by: `documents/${read.source}` };
  },
};

/** Ends the thread that reads, if there is one. */
export async function closeDocumentExtractor(): Promise<void> {
  await (await documents)?.closeDocumentReader();
}

/** The fields of an invoice; what is missing or uncertain is undefined and found by the check that follows. */
export function invoiceFields({ fields, lines }: Pick<ExtractedDocument, 'fields' | 'lines'>): unknown {
  const currency = certain(fields.currency);
  const amount = (field: Field<number> | undefined) => moneyText(certain(field), currency);
  const [net, tax, gross] = [amount(fields.net), amount(fields.tax), amount(fields.total)];
  return {
    supplier: {
      name: certain(fields.supplier) ?? certain(fields.issuer),
      vatId: certain(fields.vatId),
      iban: certain(fields.iban),
      bic: certain(fields.bic),
    },
    number: certain(fields.number),
    issuedOn: certain(fields.date),
    dueOn: certain(fields.dueDate),
    currency,
    net,
    tax,
    gross,
    lines: linesOf(lines),
  };
}

function certain<T>(field: Field<T> | undefined): T | undefined {
  return field && field.confidence >= CERTAIN ? field.value : undefined;
}

function moneyText(value: number | undefined, currency: string | undefined): string | undefined {
  return value === undefined || currency === undefined ? undefined : value.toFixed(exponentOf(currency));
}

/** All lines or none: some of them would only contradict the total. */
function linesOf(lines: ExtractedDocument['lines']): unknown[] {
  const complete = lines.map(({ description, quantity, unitPrice, taxRate, confidence }) =>
    quantity === undefined || unitPrice === undefined || taxRate === undefined || confidence < CERTAIN
      ? undefined
      : { description, quantity: String(quantity), unitPrice: String(unitPrice), taxRate: String(taxRate) },
  );
  return complete.every((line) => line !== undefined) ? complete : [];
}
