import type { Line } from '../layout/lines';
import type { Field } from '../types';
import { isValidIban } from './iban';
import { valuesNear } from './invoice/near';

/** First valid IBAN of a text; what follows it on its line is cut off by its check digits. */
export function readIban(text: string): Field | undefined {
  for (const match of text.toUpperCase().matchAll(/(?<![A-Z0-9])[A-Z]{2}\s?\d{2}(?:[ -]?[A-Z0-9]){11,32}/g)) {
    const whole = match[0].replace(/[ -]/g, '');
    for (let length = Math.min(34, whole.length); length >= 15; length -= 1) {
      const value = whole.slice(0, length);
      if (isValidIban(value)) return { value, confidence: 0.97, reason: 'The check digits are right.' };
    }
  }
  return undefined;
}

export function readBic(text: string): Field | undefined {
  const value =
    /(?:\bBIC\b|\bSWIFT)(?:[\s/-]*(?:BIC|SWIFT|code))?[\s:.#]*([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)(?![A-Z0-9])/u.exec(
      text,
    )?.[1];
  return value === undefined ? undefined : { value, confidence: 0.9, reason: 'Stands at BIC.' };
}

const COUNTRIES =
  /(?<![A-Z0-9])((?:ATU\d{8}|BE\s?[01]?\d{9}|BG\d{9,10}|CY\d{8}[A-Z]|CZ\d{8,10}|DE\s?\d{3}\s?\d{3}\s?\d{3}|DK\s?\d{8}|EE\d{9}|EL\d{9}|ES\s?[A-Z0-9]\d{7}[A-Z0-9]|FI\s?\d{8}|FR\s?[A-Z0-9]{2}\s?\d{3}\s?\d{3}\s?\d{3}|GB\s?\d{3}\s?\d{4}\s?\d{2}|HR\d{11}|HU\d{8}|IE\s?\d[A-Z0-9+*]\d{5}[A-Z]{1,2}|IT\s?\d{11}|LT\d{9,12}|LU\s?\d{8}|LV\d{11}|MT\d{8}|NL\s?\d{3}\.?\d{3}\.?\d{3}\.?B\.?\d{2}|PL\s?\d{10}|PT\s?\d{9}|RO\d{2,10}|SE\s?\d{10}01|SI\d{8}|SK\d{10}|CHE-?\d{3}\.?\d{3}\.?\d{3}|NO\s?\d{9}\s?MVA|EU\d{9}))(?![A-Z0-9])/u;
const GSTIN = /(?<![A-Z0-9])(\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9])(?![A-Z0-9])/u;
const LABELLED =
  /(?<![\p{L}])(?:VAT|GST|SST|TVA|BTW|MwSt|USt|IVA|MOMS|CIF|NIF|P\.?\s?IVA|Partita\s+IVA|TIN|ABN|Tax|UID|SERVICE\s+TAX)[\s./-]*(?:ID|Ident\w*|IdNr|reg\w*|TIN)?[\s.:#-]*(?:no|nr|number|nummer|n[°o]|#|id)?[\s.:#()-]*([A-Z]{0,3}[\d][\dA-Z .-]{6,16}\d[A-Z]?\d?)(?![\p{L}\d])/iu;

/** VAT or GST id; the form of a country's id is better than what stands at a label. */
export function readVatId(text: string): Field | undefined {
  const gst = GSTIN.exec(text)?.[1];
  if (gst !== undefined) return { value: gst, confidence: 0.93, reason: 'Has the form of an Indian GSTIN.' };
  const labelled = /(?:VAT|TVA|BTW|MwSt|USt|IVA|MOMS|UID)[^\n]{0,30}/iu;
  const formed = COUNTRIES.exec(text)?.[1];
  if (formed !== undefined) {
    const near = labelled.test(
      text.slice(Math.max(0, text.indexOf(formed) - 40), text.indexOf(formed) + formed.length),
    );
    return {
      value: formed.trim(),
      confidence: near ? 0.95 : 0.75,
      reason: "Has the form of its country's VAT id.",
    };
  }
  const value = LABELLED.exec(text)?.[1]?.trim();
  return value === undefined || value.replace(/\D/g, '').length < 8
    ? undefined
    : { value, confidence: 0.65, reason: 'Stands at a label for tax ids.' };
}

const REGISTERS =
  /(?<![\p{L}])(?:KvK|HRB|HRA|RCS|SIRET|SIREN|CIN|Company\s*(?:reg(?:istration)?)?\.?\s*(?:no|number)|Reg(?:istration)?\.?\s*(?:no|number)|Org\.?\s*(?:no|nr)|CVR|KRS|ROC\s*No|Co\.?\s*Reg)(?![\p{L}])[\s.:#-]*(?:No|Nr)?[\s.:#-]*/iu;
/** The seat of the court or chamber may stand between. */
const REGISTERED = /^(?:\p{L}+\s+(?:[AB]\s+)?)?([A-Z]{0,2}\d(?:[\dA-Z.-]| (?=\d)){3,22})(?![\p{L}\d])/iu;

export function readRegistrationNumber(lines: readonly Line[]): Field | undefined {
  for (const near of valuesNear(lines, REGISTERS)) {
    const value = REGISTERED.exec(near.text)?.[1]?.trim();
    if (value !== undefined) {
      return { value, confidence: 0.7, reason: `Stands ${near.place} "${near.label.slice(0, 30)}".` };
    }
  }
  return undefined;
}

const PAYMENT =
  /(?<![\p{L}])(iDEAL|PayPal|Visa|Master\s?Card|American\s+Express|Amex|SEPA|Direct\s+debit|Lastschrift|Bank\s+transfer|Bank.?(?:überweisung|overschrijving)|Überweisung|Virement|Credit\s+card|Kreditkarte|Cash\s+at\s+Hotel|Cash\s+on\s+delivery|Cash|Apple\s+Pay|Google\s+Pay|Stripe|Klarna|Bancontact|UPI|Net\s?banking)(?![\p{L}])/iu;

export function readPaymentMethod(text: string): Field | undefined {
  const labelled =
    /(?:payment\s*(?:mode|method|type)|zahlungs(?:art|form|weise)|betaalwijze|mode\s+de\s+(?:paiement|reglement)|paid\s+(?:by|through|with|via))[\s:]*([^\n]*)/iu.exec(
      text,
    )?.[1];
  const value = PAYMENT.exec(labelled ?? '')?.[1] ?? PAYMENT.exec(text)?.[1];
  return value === undefined
    ? undefined
    : { value, confidence: labelled === undefined ? 0.5 : 0.75, reason: 'Named in the text.' };
}
