import type { Line } from '../../layout/lines';
import type { Field } from '../../types';
import { findDates } from '../dates';
import { valuesNear } from './near';

const NO = String.raw`(?:\s*(?:numbers?|num(?:ero|mer)?|nr|no|n[o°º.]|id|#|№|code|ref(?:erence|erentie)?)(?![\p{L}])\s*[.:°º#]*|\s*#)`;
/** Labels with how sure each is; the first group of languages: English, German, Dutch, French, Spanish, Italian, Portuguese, Nordic, Polish, Czech, Turkish, Malay, Chinese, Japanese. */
const LABELS: readonly (readonly [score: number, expression: RegExp])[] = [
  [
    6,
    new RegExp(
      String.raw`(?<![\p{L}])(?:(?:tax\s*)?invoice|inv|rechnungs?|factuur|facture|factura|fattura|fatura|faktura|laskun?|invois)[\s-]*(?:(?:de|di|da)\s+)?${NO}`,
      'iu',
    ),
  ],
  [
    6,
    /(?:rechnungsnummer|rechnungsnr|rechnungs-nr|belegnummer|factuurnummer|factuurnr|fakturanummer|fakturanr|laskunumero|numero\s+(?:de\s+(?:la\s+)?)?(?:facture|factura|fattura|fatura)|n[o°º.]+\s*(?:de\s+)?(?:facture|factura|fattura|fatura)|num\.?\s*(?:facture|factura)|发票号码?|發票號碼?|請求書番号|請求番号)\s*[.:#]*/iu,
  ],
  [
    4,
    new RegExp(
      String.raw`(?<![\p{L}])(?:bill|receipt|document|doc|credit\s*note|statement|kassenbon|bon|ticket|beleg|quittung|recibo|ricevuta|recu)${NO}`,
      'iu',
    ),
  ],
  [
    3.5,
    /(?<![\p{L}-])(?:invoice|rechnung|factuur|facture|factura|fattura|fatura|faktura)(?![\p{L}])\s*[:#]*/iu,
  ],
  [
    2,
    new RegExp(
      String.raw`(?<![\p{L}])(?:booking|reservation|confirmation|transaction|reference|document|contract|vorgangs?)${NO}`,
      'iu',
    ),
  ],
  [
    1,
    new RegExp(
      String.raw`(?<![\p{L}])(?:order|bestell|auftrags?|commande|pedido|ordine)[\s-]*(?:nummer|nr|${NO})`,
      'iu',
    ),
  ],
];
const ORDER =
  /(?<![\p{L}])(?:(?:order|purchase\s*order|p\.?o\.?)\s*(?:number|no|nr|id|#)|ordernummer|bestellnummer|bestell-?nr|auftragsnummer|auftrags-?nr|numero\s+de\s+commande|commande\s*n[o°]|pedido)\s*[.:#]*/iu;

const VALUE =
  /^[#№]?\s*((?:[A-Z]{1,5}\s(?=\d))?[A-Z0-9](?:[A-Z0-9]|[-_/.](?=[A-Z0-9]))*(?:\s?[-/]\s?\d+)?)/iu;

/** The number of a document that a text begins with. */
export function asNumber(text: string): string | undefined {
  const value = VALUE.exec(text)?.[1];
  if (value === undefined || !/\d/.test(value) || value.length < 2 || value.length > 40) return undefined;
  const [date] = findDates(text);
  if (date !== undefined && date.index < 2) return undefined;
  // An amount or a page count is no number of a document.
  if (/^\d{1,6}[.,]\d{2}$/.test(value) || /^\d+\s*(?:of|von|van|de|\/)\s*\d+$/i.test(text)) return undefined;
  return value;
}

function best(lines: readonly Line[], labels: readonly (readonly [number, RegExp])[]): Field | undefined {
  let found: { value: string; score: number; label: string; place: string } | undefined;
  for (const [base, expression] of labels) {
    for (const near of valuesNear(lines, expression)) {
      const value = asNumber(near.text);
      if (value === undefined) continue;
      const place = near.place === 'after' ? 0 : near.place === 'right' ? -0.2 : -0.7;
      const plausible = /\d{3}/.test(value) ? 0.3 : -0.5;
      // A word such as "1st" or "2GB" is less likely than figures with separators.
      const score = base + place + plausible - (base < 4 && near.place === 'below' ? 1 : 0);
      if (!found || score > found.score) found = { value, score, label: near.label, place: near.place };
    }
  }
  if (!found || found.score < 0.5) return undefined;
  return {
    value: found.value,
    confidence: Math.max(0.25, Math.min(0.97, 0.3 + found.score * 0.11)),
    reason: `Stands ${found.place} "${found.label.slice(0, 40)}".`,
  };
}

/** Number of the invoice; a booking or an order number where there is no other. */
export function readNumber(lines: readonly Line[]): Field | undefined {
  return best(lines, LABELS);
}

export function readOrderNumber(lines: readonly Line[]): Field | undefined {
  return best(lines, [[5, ORDER]]);
}
