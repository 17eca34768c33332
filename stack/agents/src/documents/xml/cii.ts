import type { DocumentFields, DocumentLine, Extraction } from '../types';
import { present, stated } from './fields';
import type { XmlNode } from './node';

/** `20260131` of format 102, or ISO 8601. */
function dateOf(node: XmlNode | undefined): string | undefined {
  const text = node?.textAt('DateTimeString') ?? node?.textAt('DateTime') ?? node?.text;
  const compact = text === undefined ? undefined : /^(\d{4})-?(\d{2})-?(\d{2})/.exec(text);
  return compact ? `${compact[1]}-${compact[2]}-${compact[3]}` : undefined;
}

function addressOf(party: XmlNode | undefined): string | undefined {
  const address = party?.at('PostalTradeAddress');
  if (!address) return undefined;
  const street = [address.textAt('LineOne'), address.textAt('LineTwo')].filter(Boolean).join(' ');
  const city = [address.textAt('PostcodeCode'), address.textAt('CityName')].filter(Boolean).join(' ');
  const parts = [street, city, address.textAt('CountryID')].filter(
    (part) => part !== undefined && part !== '',
  );
  return parts.length === 0 ? undefined : parts.join(', ');
}

function vatIdOf(party: XmlNode | undefined): string | undefined {
  const ids = (party?.all('SpecifiedTaxRegistration') ?? []).flatMap((node) => node.all('ID'));
  return (ids.find((id) => id.attribute('schemeID') === 'VA') ?? ids[0])?.text;
}

interface Parts {
  readonly document: XmlNode;
  readonly agreement: XmlNode | undefined;
  readonly settlement: XmlNode | undefined;
  readonly totals: XmlNode | undefined;
  readonly lines: readonly XmlNode[];
}

/** Factur-X, ZUGFeRD 2 and XRechnung (`CrossIndustryInvoice`), or ZUGFeRD 1 (`CrossIndustryDocument`). */
function partsOf(root: XmlNode): Parts | undefined {
  const invoice = root.at('CrossIndustryInvoice');
  if (invoice) {
    const trade = invoice.at('SupplyChainTradeTransaction');
    const settlement = trade?.at('ApplicableHeaderTradeSettlement');
    return {
      document: invoice.at('ExchangedDocument') ?? invoice,
      agreement: trade?.at('ApplicableHeaderTradeAgreement'),
      settlement,
      totals: settlement?.at('SpecifiedTradeSettlementHeaderMonetarySummation'),
      lines: trade?.all('IncludedSupplyChainTradeLineItem') ?? [],
    };
  }
  const old = root.at('CrossIndustryDocument');
  if (!old) return undefined;
  const trade = old.at('SpecifiedSupplyChainTradeTransaction');
  const settlement = trade?.at('ApplicableSupplyChainTradeSettlement');
  return {
    document: old.at('HeaderExchangedDocument') ?? old,
    agreement: trade?.at('ApplicableSupplyChainTradeAgreement'),
    settlement,
    totals: settlement?.at('SpecifiedTradeSettlementMonetarySummation'),
    lines: trade?.all('IncludedSupplyChainTradeLineItem') ?? [],
  };
}

function lineOf(line: XmlNode): DocumentLine | undefined {
  const settlement =
    line.at('SpecifiedLineTradeSettlement') ?? line.at('SpecifiedSupplyChainTradeSettlement');
  const agreement = line.at('SpecifiedLineTradeAgreement') ?? line.at('SpecifiedSupplyChainTradeAgreement');
  const delivery = line.at('SpecifiedLineTradeDelivery') ?? line.at('SpecifiedSupplyChainTradeDelivery');
  const total =
    settlement?.numberAt('SpecifiedTradeSettlementLineMonetarySummation', 'LineTotalAmount') ??
    settlement?.numberAt('SpecifiedTradeSettlementMonetarySummation', 'LineTotalAmount');
  if (total === undefined) return undefined;
  const tax = settlement?.at('ApplicableTradeTax');
  return {
    description: line.textAt('SpecifiedTradeProduct', 'Name') ?? '',
    total,
    confidence: 1,
    ...present({
      quantity: delivery?.numberAt('BilledQuantity'),
      unitPrice: agreement?.numberAt('NetPriceProductTradePrice', 'ChargeAmount'),
      taxRate: tax?.numberAt('RateApplicablePercent') ?? tax?.numberAt('ApplicablePercent'),
    }),
  };
}

/** UN/CEFACT Cross Industry Invoice. */
export function readCii(root: XmlNode): Extraction | undefined {
  const parts = partsOf(root);
  if (!parts) return undefined;
  const { document, agreement, settlement, totals, lines } = parts;
  const seller = agreement?.at('SellerTradeParty');
  const account = settlement?.at('SpecifiedTradeSettlementPaymentMeans');
  const name = seller?.textAt('Name');
  const fields = present<DocumentFields>({
    supplier: stated(name, 'SellerTradeParty'),
    issuer: stated(
      seller?.textAt('SpecifiedLegalOrganization', 'TradingBusinessName') ?? name,
      'SellerTradeParty',
    ),
    customer: stated(agreement?.textAt('BuyerTradeParty', 'Name'), 'BuyerTradeParty'),
    address: stated(addressOf(seller), 'PostalTradeAddress'),
    number: stated(document.textAt('ID'), 'ID'),
    orderNumber: stated(
      agreement?.textAt('BuyerOrderReferencedDocument', 'IssuerAssignedID'),
      'BuyerOrderReferencedDocument',
    ),
    date: stated(dateOf(document.at('IssueDateTime')), 'IssueDateTime'),
    dueDate: stated(
      dateOf(settlement?.at('SpecifiedTradePaymentTerms', 'DueDateDateTime')),
      'DueDateDateTime',
    ),
    currency: stated(settlement?.textAt('InvoiceCurrencyCode'), 'InvoiceCurrencyCode'),
    net: stated(
      totals?.numberAt('TaxBasisTotalAmount') ?? totals?.numberAt('LineTotalAmount'),
      'TaxBasisTotalAmount',
    ),
    tax: stated(totals?.numberAt('TaxTotalAmount'), 'TaxTotalAmount'),
    total: stated(
      totals?.numberAt('GrandTotalAmount') ?? totals?.numberAt('DuePayableAmount'),
      'GrandTotalAmount',
    ),
    iban: stated(
      account?.textAt('PayeePartyCreditorFinancialAccount', 'IBANID')?.replace(/\s/g, ''),
      'IBANID',
    ),
    bic: stated(account?.textAt('PayeeSpecifiedCreditorFinancialInstitution', 'BICID'), 'BICID'),
    vatId: stated(vatIdOf(seller), 'SpecifiedTaxRegistration'),
    registrationNumber: stated(
      seller?.textAt('SpecifiedLegalOrganization', 'ID'),
      'SpecifiedLegalOrganization',
    ),
    website: undefined,
    paymentMethod: undefined,
  });
  return { fields, lines: lines.flatMap((line) => lineOf(line) ?? []) };
}
