import { BizError, messageOf } from '@bizstack/contracts';
import { XMLParser } from 'fast-xml-parser';
import type { DocumentExtractor } from './extractor';

const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: true,
  // Numbers stay text: as floats they would lose cents.
  parseTagValue: false,
  trimValues: true,
  processEntities: true,
});

/** A UBL 2.1 invoice (Peppol BIS Billing, XRechnung in UBL syntax). */
export const ublExtractor: DocumentExtractor = {
  name: 'ubl',
  accepts: ({ kind }) => kind === 'ubl',
  extract: async (document) => ({ fields: readUbl(document.kind === 'ubl' ? document.xml : ''), by: 'ubl' }),
};

/**
 * The fields that stand in a UBL invoice; what is missing is undefined and found by the check that follows.
 * @throws BizError `BIZ_EXTRACT_UNREADABLE` when it is not such an invoice
 */
export function readUbl(xml: string): unknown {
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) throw unreadable('it has a document type definition');
  let root: unknown;
  try {
    root = parser.parse(xml, true);
  } catch (cause) {
    throw unreadable(messageOf(cause), cause);
  }
  const invoice = at(root, 'Invoice');
  if (invoice === undefined) throw unreadable('its root is not Invoice');
  const party = at(invoice, 'AccountingSupplierParty', 'Party');
  const totals = at(invoice, 'LegalMonetaryTotal');
  const payee = at(first(at(invoice, 'PaymentMeans')), 'PayeeFinancialAccount');
  return {
    supplier: {
      name: text(at(party, 'PartyLegalEntity', 'RegistrationName')) ?? text(at(party, 'PartyName', 'Name')),
      vatId: text(at(first(at(party, 'PartyTaxScheme')), 'CompanyID')),
      country: text(at(party, 'PostalAddress', 'Country', 'IdentificationCode')),
      iban: text(at(payee, 'ID'))?.replaceAll(' ', ''),
      bic: text(at(payee, 'FinancialInstitutionBranch', 'ID')),
    },
    number: text(at(invoice, 'ID')),
    issuedOn: text(at(invoice, 'IssueDate')),
    dueOn: text(at(invoice, 'DueDate')),
    currency: text(at(invoice, 'DocumentCurrencyCode')),
    net: text(at(totals, 'TaxExclusiveAmount')),
    tax: text(at(first(at(invoice, 'TaxTotal')), 'TaxAmount')) ?? '0',
    gross: text(at(totals, 'TaxInclusiveAmount')) ?? text(at(totals, 'PayableAmount')),
    lines: list(at(invoice, 'InvoiceLine')).map((line) => ({
      description: text(at(line, 'Item', 'Name')) ?? text(at(line, 'Item', 'Description')),
      quantity: text(at(line, 'InvoicedQuantity')) ?? '1',
      unitPrice: text(at(line, 'Price', 'PriceAmount')) ?? text(at(line, 'LineExtensionAmount')),
      taxRate: text(at(first(at(line, 'Item', 'ClassifiedTaxCategory')), 'Percent')) ?? '0',
    })),
  };
}

function at(node: unknown, ...path: readonly string[]): unknown {
  let current = node;
  for (const name of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined;
    current = (current as Record<string, unknown>)[name];
  }
  return current;
}

function text(node: unknown): string | undefined {
  return typeof node === 'string' && node !== '' ? node : undefined;
}

function list(node: unknown): unknown[] {
  if (node === undefined) return [];
  return Array.isArray(node) ? node : [node];
}

function first(node: unknown): unknown {
  return list(node)[0];
}

function unreadable(reason: string, cause?: unknown): BizError {
  return new BizError('BIZ_EXTRACT_UNREADABLE', `The document is not a UBL invoice: ${reason}.`, { cause });
}
