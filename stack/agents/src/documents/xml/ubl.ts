import type { DocumentFields, DocumentLine, Extraction } from '../types';
import { present, stated } from './fields';
import type { XmlNode } from './node';

function addressOf(party: XmlNode | undefined): string | undefined {
  const address = party?.at('PostalAddress');
  if (!address) return undefined;
  const street = [address.textAt('StreetName'), address.textAt('AdditionalStreetName')]
    .filter(Boolean)
    .join(' ');
  const city = [address.textAt('PostalZone'), address.textAt('CityName')].filter(Boolean).join(' ');
  const parts = [street, city, address.textAt('Country', 'IdentificationCode')].filter(
    (part) => part !== undefined && part !== '',
  );
  return parts.length === 0 ? undefined : parts.join(', ');
}

function nameOf(party: XmlNode | undefined): string | undefined {
  return party?.textAt('PartyLegalEntity', 'RegistrationName') ?? party?.textAt('PartyName', 'Name');
}

function lineOf(line: XmlNode): DocumentLine | undefined {
  const total = line.numberAt('LineExtensionAmount');
  if (total === undefined) return undefined;
  return {
    description: line.textAt('Item', 'Name') ?? line.textAt('Item', 'Description') ?? '',
    total,
    confidence: 1,
    ...present({
      quantity: line.numberAt('InvoicedQuantity') ?? line.numberAt('CreditedQuantity'),
      unitPrice: line.numberAt('Price', 'PriceAmount'),
      taxRate: line.numberAt('Item', 'ClassifiedTaxCategory', 'Percent'),
    }),
  };
}

/** OASIS UBL 2.x: `Invoice` or `CreditNote` (EN 16931, Peppol BIS). */
export function readUbl(root: XmlNode): Extraction | undefined {
  const document = root.at('Invoice') ?? root.at('CreditNote');
  if (!document?.at('LegalMonetaryTotal')) return undefined;
  const seller = document.at('AccountingSupplierParty', 'Party');
  const totals = document.at('LegalMonetaryTotal');
  const means = document.at('PaymentMeans', 'PayeeFinancialAccount');
  const brand = seller?.textAt('PartyName', 'Name') ?? nameOf(seller);
  const fields = present<DocumentFields>({
    supplier: stated(nameOf(seller), 'AccountingSupplierParty'),
    issuer: stated(brand, 'PartyName'),
    customer: stated(nameOf(document.at('AccountingCustomerParty', 'Party')), 'AccountingCustomerParty'),
    address: stated(addressOf(seller), 'PostalAddress'),
    number: stated(document.textAt('ID'), 'ID'),
    orderNumber: stated(document.textAt('OrderReference', 'ID'), 'OrderReference'),
    date: stated(document.textAt('IssueDate'), 'IssueDate'),
    dueDate: stated(
      document.textAt('DueDate') ?? document.textAt('PaymentMeans', 'PaymentDueDate'),
      'DueDate',
    ),
    currency: stated(document.textAt('DocumentCurrencyCode'), 'DocumentCurrencyCode'),
    net: stated(
      totals?.numberAt('TaxExclusiveAmount') ?? totals?.numberAt('LineExtensionAmount'),
      'TaxExclusiveAmount',
    ),
    tax: stated(document.numberAt('TaxTotal', 'TaxAmount'), 'TaxTotal'),
    total: stated(
      totals?.numberAt('TaxInclusiveAmount') ?? totals?.numberAt('PayableAmount'),
      'TaxInclusiveAmount',
    ),
    iban: stated(means?.textAt('ID')?.replace(/\s/g, ''), 'PayeeFinancialAccount'),
    bic: stated(means?.textAt('FinancialInstitutionBranch', 'ID'), 'FinancialInstitutionBranch'),
    vatId: stated(seller?.textAt('PartyTaxScheme', 'CompanyID'), 'PartyTaxScheme'),
    registrationNumber: stated(seller?.textAt('PartyLegalEntity', 'CompanyID'), 'PartyLegalEntity'),
    website: stated(seller?.textAt('WebsiteURI'), 'WebsiteURI'),
    paymentMethod: undefined,
  });
  const lines = [...document.all('InvoiceLine'), ...document.all('CreditNoteLine')];
  return { fields, lines: lines.flatMap((line) => lineOf(line) ?? []) };
}
