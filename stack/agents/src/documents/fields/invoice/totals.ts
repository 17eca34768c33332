import type { Line, Segment } from '../../layout/lines';
import type { Field } from '../../types';
import { cents, findAmounts, repairOcrNumbers, type Amount } from '../amounts';
import { headerOf } from '../lines';
import { below, plain } from './near';

type Role = 'none' | 'net' | 'tax' | 'total';

/** First match decides what an amount is. */
const ROLES: readonly (readonly [Role, number, RegExp])[] = [
  [
    'none',
    0,
    /(?:total|sum(?:me)?)\s*(?:qty|quantity|items?|pieces|weight|units|nights?|points|hours|discount|savings?)|discount|rabatt|remise|korting|descuento|sconto|previous|last\s*(?:bill|month)|opening|already\s*paid|amount\s*paid|payment\s*received|bezahlt|change\b|rounding|shipping|versand|verzend|zahlung\s*erhalten|credits?\b|reward/iu,
  ],
  [
    'net',
    3,
    /(?:sub\s?-?\s?totaa?l|sous-?\s?total|subtotale|zwischensumme|netto\s?(?:betrag|summe|wert)?|summe\s*netto|net\s*(?:amount|total|value)|total\s*net(?:to)?(?!\w)|total\s*(?:h\.?\s?t\.?(?![\p{L}])|hors)|montant\s*h\.?t|(?:total|totaal|amount|bedrag|summe|gesamt|importe|totale|price)?.{0,12}(?:excl(?:uding|usief|usive|\.)?|exkl\.?|ohne|before|without|zzgl|sin)\s*\.?\s*(?:of\s*)?(?:\d+\s?%\s*)?(?:vat|tax|gst|btw|mwst|ust|tva|iva|moms|imp)|taxable|base\s*imponible|imponibile|bruttobetrag\s*ohne)/iu,
  ],
  [
    'total',
    5,
    /(?:grand\s*total|total\s*(?:amount\s*)?(?:due|payable|paid|to\s*pay|charged)|amount\s*(?:due|payable|paid\s*total|owing)|balance\s*due|invoice\s*(?:total|amount)|total\s*(?:for\s*this\s*)?invoice|total\s*(?:amount|charges?|price|cost|fare)|gesamt\s?(?:betrag|summe|preis)|rechnungs\s?(?:betrag|summe)|end\s?(?:betrag|summe)|zahl\s?betrag|zu\s*zahlen|brutto\s?(?:betrag|summe)?|te\s*betalen|totaalbedrag|factuurbedrag|net\s*a\s*payer|montant\s*(?:a\s*payer|total|ttc)|total\s*(?:t\.?t\.?c\.?|a\s*payer|facture|general)|total\s*(?:a\s*pagar|factura|general|importe)|importe\s*total|totale\s*(?:documento|fattura|da\s*pagare|dovuto)|valor\s*total|att\s*betala|a\s*betale|belob\s*i\s*alt|razem|do\s*zaplaty|celkem|genel\s*toplam|jumlah\s*(?:besar|keseluruhan)|合计|价税合计|合計|ご?請求(?:金額|額))/iu,
  ],
  [
    'total',
    4,
    /(?:total|totaal|summe|sum|totale|gesamt)\s*(?:\(?\s*(?:eur|usd|gbp|inr|chf|sek|myr|sgd|in)\b|.{0,6}(?:incl|inkl|including|ttc|inc\b|brutto|gross))|(?:incl(?:uding|usief|usive|\.)?|inkl\.?)\s*(?:of\s*)?(?:vat|tax|gst|btw|mwst|ust|tva|iva)/iu,
  ],
  [
    'tax',
    3,
    /(?<![\p{L}])(?:vat|gst|igst|cgst|sgst|sst|sales\s*tax|tax(?:es)?|btw|mwst|ust|umsatzsteuer|mehrwertsteuer|t\.?v\.?a|i\.?v\.?a|moms|mva|alv|dph|kdv|cukai|税额|消費税)(?![\p{L}])(?!\s*(?:id|no|nr|reg|number|nummer|invoice|in\b))/iu,
  ],
  [
    'total',
    3,
    /(?<![\p{L}])(?:total|totaal|totale|summe|gesamt|totalt|summa|yhteensa|toplam|jumlah|suma|betrag|montant|importe|总计)(?![\p{L}])/iu,
  ],
  ['total', 1.2, /(?<![\p{L}])(?:amount|bedrag|charges?|price|fare|sum)(?![\p{L}])/iu],
];

interface Found {
  readonly role: Role;
  readonly weight: number;
  readonly amount: Amount;
  readonly at: number;
  readonly label: string;
}

function amountsOf(segment: Segment, ocr: boolean): Amount[] {
  return findAmounts(ocr ? repairOcrNumbers(segment.text) : segment.text);
}

function isWords(text: string): boolean {
  return text.replace(/(?:EUR|USD|GBP|INR|CHF|Rs\.?|RM)/g, '').replace(/[^\p{L}]/gu, '').length >= 3;
}

/** Headings of tables; they may go on for some lines until the first row. */
function headingLines(lines: readonly Line[], ocr: boolean): Set<number> {
  const headings = new Set<number>();
  lines.forEach((line, at) => {
    if (!headerOf(line, at)) return;
    for (let next = at; next <= at + 3; next += 1) {
      if (lines[next]?.segments.some((segment) => amountsOf(segment, ocr).length > 0)) break;
      headings.add(next);
    }
  });
  return headings;
}

function collect(lines: readonly Line[], ocr: boolean): Found[] {
  const found: Found[] = [];
  const headings = headingLines(lines, ocr);
  lines.forEach((line, at) => {
    line.segments.forEach((segment, index) => {
      const text = plain(segment.text);
      const match = ROLES.find(([, , expression]) => expression.test(text));
      if (!match || text.length > 90) return;
      const [role, weight, expression] = match;
      const hit = expression.exec(text);
      const label = hit?.[0].trim().slice(0, 40) ?? '';
      const after = (hit?.index ?? 0) + (hit?.[0].length ?? 0);
      const own = amountsOf(segment, ocr).filter((amount) => amount.index + amount.length > after);
      const right: Amount[] = [];
      for (const next of line.segments.slice(index + 1)) {
        if (isWords(next.text)) break;
        right.push(...amountsOf(next, ocr));
      }
      const beside = right.at(-1) ?? own.at(-1);
      if (beside) found.push({ role, weight, amount: beside, at, label });
      else {
        const [under, ...rest] = below(lines, at, segment, 20);
        const amount = under && !isWords(under.text) ? amountsOf(under, ocr)[0] : undefined;
        // Below a heading of a column stands the first of many.
        const column = rest.some((next) => !isWords(next.text) && amountsOf(next, ocr).length > 0);
        if (amount && !(role !== 'total' && (column || headings.has(at))))
          found.push({ role, weight: weight * 0.45, amount, at, label });
      }
    });
  });
  return found;
}

export interface InvoiceTotals {
  readonly total: Field<number> | undefined;
  readonly net: Field<number> | undefined;
  readonly tax: Field<number> | undefined;
  /** Code at the total. */
  readonly currency: string | undefined;
}

const round = (value: number): number => cents(value) / 100;

/** Total, net and tax: labels propose, arithmetic decides. */
export function readInvoiceTotals(lines: readonly Line[], ocr: boolean): InvoiceTotals {
  const found = collect(lines, ocr);
  const nets = found.filter((f) => f.role === 'net');
  const taxes = found.filter((f) => f.role === 'tax');
  const candidates = new Map<
    number,
    { score: number; label: string; currency: string | undefined; sums: boolean }
  >();
  for (const { role, weight, amount, at, label } of found) {
    if (role !== 'total') continue;
    const key = cents(amount.value);
    const late = at / Math.max(1, lines.length);
    const sums = nets.some((n) =>
      taxes.some((t) => t.amount.value > 0 && cents(n.amount.value) + cents(t.amount.value) === key),
    );
    const score =
      weight + late * 0.5 + (sums ? 2 : 0) + (amount.currency === undefined ? 0 : 0.4) - (key === 0 ? 4 : 0);
    const known = candidates.get(key);
    if (known) {
      known.score = Math.max(known.score, score) + 0.5;
      known.currency ??= amount.currency;
    } else candidates.set(key, { score, label, currency: amount.currency, sums });
  }
  const ranked = [...candidates].sort((a, b) => b[1].score - a[1].score || b[0] - a[0]);
  const [best] = ranked;
  if (!best) return largest(lines, ocr);
  const [key, evidence] = best;
  const total: Field<number> = {
    value: key / 100,
    confidence: Math.max(0.2, Math.min(0.98, 0.25 + evidence.score * 0.09)),
    reason: `Stands at "${evidence.label}"${evidence.sums ? ' and is net plus tax' : ''}.`,
  };
  return { total, ...netAndTax(key, nets, taxes), currency: evidence.currency };
}

function netAndTax(
  total: number,
  nets: readonly Found[],
  taxes: readonly Found[],
): Pick<InvoiceTotals, 'net' | 'tax'> {
  const fits = (tax: Found): boolean =>
    tax.amount.value >= 0 && cents(tax.amount.value) * 2 < Math.abs(total);
  const usable = taxes.filter(fits);
  for (const net of nets) {
    const tax = usable.find((t) => cents(net.amount.value) + cents(t.amount.value) === total);
    if (tax) {
      const reason = `Stands at "${net.label}"; with "${tax.label}" it sums to the total.`;
      return {
        net: { value: net.amount.value, confidence: 0.95, reason },
        tax: {
          value: tax.amount.value,
          confidence: 0.95,
          reason: `Stands at "${tax.label}"; fits net and total.`,
        },
      };
    }
  }
  const several = [...new Map(usable.map((t) => [cents(t.amount.value), t])).values()];
  const sum = several.reduce((all, t) => all + cents(t.amount.value), 0);
  const net = nets.find((n) => cents(n.amount.value) <= Math.abs(total) && n.amount.value > 0);
  if (net && several.length > 1 && cents(net.amount.value) + sum === total) {
    return {
      net: { value: net.amount.value, confidence: 0.9, reason: `Stands at "${net.label}"; fits the taxes.` },
      tax: { value: sum / 100, confidence: 0.9, reason: `Sum of ${several.length} taxes.` },
    };
  }
  if (net && usable.length === 0) {
    const rest = round((total - cents(net.amount.value)) / 100);
    return {
      net: { value: net.amount.value, confidence: 0.6, reason: `Stands at "${net.label}".` },
      tax:
        rest * 3 < net.amount.value ? { value: rest, confidence: 0.4, reason: 'Total less net.' } : undefined,
    };
  }
  const tax = usable.at(-1);
  if (net && tax) {
    const reason = (label: string): string => `Stands at "${label}"; net and tax do not sum to the total.`;
    return {
      net: { value: net.amount.value, confidence: 0.45, reason: reason(net.label) },
      tax: { value: tax.amount.value, confidence: 0.45, reason: reason(tax.label) },
    };
  }
  if (tax) {
    const value = round((total - cents(tax.amount.value)) / 100);
    return {
      net: { value, confidence: 0.5, reason: 'Total less tax.' },
      tax: { value: tax.amount.value, confidence: 0.55, reason: `Stands at "${tax.label}".` },
    };
  }
  return { net: { value: total / 100, confidence: 0.35, reason: 'No tax is shown.' }, tax: undefined };
}

function largest(lines: readonly Line[], ocr: boolean): InvoiceTotals {
  const amounts = lines.flatMap((line) => line.segments.flatMap((segment) => amountsOf(segment, ocr)));
  const best = amounts.sort((a, b) => b.value - a.value)[0];
  return {
    total: best && { value: best.value, confidence: 0.25, reason: 'No label: the largest amount.' },
    net: undefined,
    tax: undefined,
    currency: best?.currency,
  };
}
