import type { Line } from '../../layout/lines';
import type { Field } from '../../types';
import { findDates, type FoundDate } from '../dates';
import { plain, valuesNear } from './near';

const ISSUED: readonly (readonly [score: number, expression: RegExp])[] = [
  [
    6,
    /(?:invoice|bill(?:ing)?|issue[d]?|document|statement|receipt|tax\s*point)\s*date|date\s*(?:of\s*)?(?:invoice|issue[d]?)|(?:invoiced|issued|billed)\s*on|rechnungs-?\s?datum|belegdatum|datum\s+der\s+rechnung|factuur\s?datum|date\s+(?:de\s+(?:la\s+)?)?factur(?:e|ation)|date\s+d.?emission|fecha\s+(?:de\s+)?(?:la\s+)?(?:factura|emision|expedicion)|data\s+(?:di\s+|da\s+|de\s+)?(?:fattura|fatura|emiss(?:ione|ao)|documento)|fakturadato|fakturadatum|laskun\s*pvm|data\s+wystawienia|datum\s+vystaveni|fatura\s*tarihi|tarikh\s*invois|facture\s+du|rechnung\s+vom|开票日期|發票日期|請求日|発行日/iu,
  ],
  [
    5,
    /(?<![\p{L}])(?:invoice|rechnung|factuur|facture|factura|fattura|fatura|faktura)\s.{0,40}?(?<![\p{L}])(?:du|vom|van|of|dated|del|de|do|av|z\s*dnia)(?![\p{L}])/iu,
  ],
  [3, /(?<![\p{L}])(?:date|datum|fecha|data|dato|tarih|tarikh|pvm|dated|日期|日付)(?![\p{L}])/iu],
];
const OTHER =
  /(?:due|payable|pay\s*by|order|deliver|ship|dispatch|payment|paid|period|check|arriv|depart|birth|expir|valid|print|service|travel|start|end|until|from|to\b|leistungs|liefer|fallig|zahl|bestell|order|verval|lever|echeance|commande|livraison|paiement|vencimiento|entrega|pedido|pago|scadenza|consegna|ordine|vencimento|forfall|forfalls|erapaiva|termin)\p{L}*[\s-]*(?:date|datum|fecha|data|dato|zeitraum)?/iu;
const DUE =
  /(?:due\s*date|payment\s*due|due\s*(?:on|by)|pay(?:able)?\s*by|falligkeits?(?:datum)?|fallig\s*am|zahlbar\s*bis|zahlungsziel|verval\s?datum|date\s+d.?echeance|echeance|a\s+payer\s+avant|fecha\s+de\s+vencimiento|vencimiento|scadenza|vencimento|forfallsdato|forfallodatum|erapaiva|termin\s+platnosci|son\s+odeme)/iu;

/** Day before month, when the document shows it by a day above 12; otherwise what the locale says. */
export function dayComesFirst(text: string, preference: boolean): boolean {
  let [first, second] = [0, 0];
  for (const match of text.matchAll(/(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})[/.-](?:20)?\d\d(?!\d)/g)) {
    if (Number(match[1]) > 12 && Number(match[2]) <= 12) first += 1;
    if (Number(match[2]) > 12 && Number(match[1]) <= 12) second += 1;
  }
  return first === second ? preference : first > second;
}

function firstDate(text: string, dayFirst: boolean): FoundDate | undefined {
  return findDates(text, { dayFirst })[0];
}

export function readIssueDate(lines: readonly Line[], dayFirst: boolean): Field | undefined {
  let best: { date: FoundDate; score: number; label: string } | undefined;
  const consider = (date: FoundDate | undefined, score: number, label: string): void => {
    if (date && (!best || score > best.score)) best = { date, score, label };
  };
  for (const [base, expression] of ISSUED) {
    for (const near of valuesNear(lines, expression)) {
      const date = firstDate(near.text, dayFirst);
      if (!date) continue;
      const segment = near.line.segments.find((s) => plain(s.text).includes(near.label));
      const before = segment ? (plain(segment.text).split(near.label)[0] ?? '') : '';
      const other = base < 6 && (OTHER.test(before.slice(-24)) || DUE.test(plain(segment?.text ?? '')));
      const distance = date.index > 25 ? 1.5 : 0;
      const place = near.place === 'after' ? 0 : near.place === 'right' ? -0.1 : -0.6;
      consider(date, base + place - distance - (other ? 4 : 0), near.label);
    }
  }
  lines.forEach((line, at) => {
    const other = OTHER.test(plain(line.text)) || DUE.test(plain(line.text));
    consider(firstDate(line.text, dayFirst), (other ? 0.2 : 1) - at * 0.003, '');
  });
  if (!best) return undefined;
  const { date, score, label } = best;
  return {
    value: date.value,
    confidence: Math.max(0.2, Math.min(0.97, 0.35 + score * 0.1 - (date.ambiguous ? 0.1 : 0))),
    reason: `${label === '' ? 'The first date of the document' : `Stands at "${label.slice(0, 40)}"`}${
      date.ambiguous ? `; ${dayFirst ? 'day' : 'month'} first was taken` : ''
    }.`,
  };
}

export function readDueDate(lines: readonly Line[], dayFirst: boolean): Field | undefined {
  for (const near of valuesNear(lines, DUE)) {
    const date = firstDate(near.text, dayFirst);
    if (date) {
      return {
        value: date.value,
        confidence: date.ambiguous ? 0.7 : 0.85,
        reason: `Stands at "${near.label.slice(0, 40)}".`,
      };
    }
  }
  return undefined;
}
