import type { Line, Segment } from '../layout/lines';
import type { DocumentLine } from '../types';
import { cents, findAmounts, parseNumber, repairOcrNumbers } from './amounts';
import { plain } from './invoice/near';

type Column = 'description' | 'quantity' | 'price' | 'total' | 'tax';

const COLUMNS: readonly (readonly [Column, RegExp])[] = [
  ['tax', /(?:tax|vat|gst|btw|mwst|ust|tva|iva|moms)/iu],
  [
    'quantity',
    /(?<![\p{L}])(?:qty|quantity|menge|anzahl|aantal|quantite|qte|cantidad|cant|quantita|qta|quantidade|qtd|antal|antall|ilosc|units?|hours|nights?|stk)(?![\p{L}])/iu,
  ],
  [
    'total',
    /(?:amount|(?<![\p{L}])total|totaal|betrag|gesamt|montant|importe|totale|summe|bedrag|belop|line\s*total|subtotal|prijs\s*incl|wartosc)/iu,
  ],
  ['price', /(?:price|preis|prijs|prix|precio|prezzo|preco|pris|cena|rate|u\/p|unit\s*cost|cost)/iu],
  [
    'description',
    /(?:description|item|article|artikel|product|bezeichnung|beschreibung|leistung|omschrijving|designation|libelle|descripcion|concepto|descrizione|descricao|beskrivelse|benamning|details?|title|service|particulars)/iu,
  ],
];
const END =
  /(?:sub\s?-?\s?tot|(?<![\p{L}])(?:grand\s*)?total(?![\p{L}])|totaal|zwischensumme|gesamt|summe|sous-total|rounding|amount\s*due|netto|cash|excl)/iu;

export interface Header {
  readonly at: number;
  readonly columns: ReadonlyMap<Column, Segment>;
}

/** The heading of a table of items; undefined when the line is none. */
export function headerOf(line: Line, at: number): Header | undefined {
  const columns = new Map<Column, Segment>();
  for (const segment of line.segments) {
    if (segment.text.length > 40) return undefined;
    const column = COLUMNS.find(([, expression]) => expression.test(plain(segment.text)))?.[0];
    if (column !== undefined && (!columns.has(column) || column === 'total')) columns.set(column, segment);
  }
  const numbers =
    (columns.has('total') ? 1 : 0) + (columns.has('price') ? 1 : 0) + (columns.has('quantity') ? 1 : 0);
  return columns.size >= 2 && numbers >= 1 && (columns.has('total') || columns.has('price'))
    ? { at, columns }
    : undefined;
}

/** How far two segments are apart sideways; zero when they overlap. */
function distance(a: Segment, b: Segment): number {
  return Math.max(0, Math.max(a.x, b.x) - Math.min(a.x + a.width, b.x + b.width));
}

function numberIn(segment: Segment, ocr: boolean): number | undefined {
  const text = ocr ? repairOcrNumbers(segment.text) : segment.text;
  const amount = findAmounts(text, { whole: true })[0]?.value;
  return amount ?? (/^\d+(?:[.,]\d+)?$/.test(text) ? parseNumber(text) : undefined);
}

function isNumeric(text: string): boolean {
  return (
    /\d/.test(text) &&
    text.replace(/(?:EUR|USD|GBP|INR|CHF|Rs\.?|RM|SR|ZRL?|x)/giu, '').replace(/[^\p{L}]/gu, '').length <= 1
  );
}

function readRow(
  line: Line,
  header: Header,
  ocr: boolean,
): (Omit<DocumentLine, 'confidence'> & { words: string }) | undefined {
  const numeric = line.segments.filter((segment) => isNumeric(segment.text) && !/%\s*$/.test(segment.text));
  const words = line.segments
    .filter((segment) => !isNumeric(segment.text))
    .map((segment) => segment.text)
    .join(' ');
  const nearest = (column: Column): Segment | undefined => {
    const head = header.columns.get(column);
    if (!head) return undefined;
    const best = [...numeric].sort((a, b) => distance(a, head) - distance(b, head))[0];
    return best && distance(best, head) < best.height * 3 ? best : undefined;
  };
  const last = nearest('total') ?? (header.columns.has('total') ? undefined : numeric.at(-1));
  if (!last) return undefined;
  const total = findAmounts(ocr ? repairOcrNumbers(last.text) : last.text).at(-1)?.value;
  if (total === undefined) return undefined;
  const quantitySegment = nearest('quantity');
  const priceSegment = nearest('price');
  const quantity = quantitySegment && quantitySegment !== last ? numberIn(quantitySegment, ocr) : undefined;
  const unitPrice =
    priceSegment && priceSegment !== last && priceSegment !== quantitySegment
      ? numberIn(priceSegment, ocr)
      : undefined;
  const rate = /(\d{1,2}(?:[.,]\d{1,2})?)\s?%/.exec(line.text)?.[1];
  return {
    description: words,
    words,
    total,
    ...(quantity === undefined ? {} : { quantity }),
    ...(unitPrice === undefined ? {} : { unitPrice }),
    ...(rate === undefined ? {} : { taxRate: parseNumber(rate) }),
  };
}

/** Rows of the table of items: what stands below its heading and above the first sum. */
export function readLines(lines: readonly Line[], ocr: boolean): DocumentLine[] {
  const rows: DocumentLine[] = [];
  let header: Header | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    if (!line) continue;
    const next = headerOf(line, at);
    if (next) {
      header = next;
      continue;
    }
    if (!header) continue;
    if (END.test(plain(line.segments.find((s) => !isNumeric(s.text))?.text ?? ''))) {
      header = undefined;
      continue;
    }
    const row = readRow(line, header, ocr);
    if (!row) continue;
    // Receipts print the name above or below its figures.
    const [above, beneath] = [lines[at - 1], lines[at + 1]];
    const alone = (other: Line | undefined): string =>
      other &&
      !headerOf(other, 0) &&
      !END.test(plain(other.text)) &&
      !other.segments.some((s) => isNumeric(s.text))
        ? other.text
        : '';
    const beside = row.words.length > 2 ? row.words : alone(above) || alone(beneath);
    const multiplies =
      row.quantity !== undefined &&
      row.unitPrice !== undefined &&
      Math.abs(cents(row.quantity * row.unitPrice) - cents(row.total)) <= 1;
    const { words: _words, ...fields } = row;
    rows.push({ ...fields, description: beside.trim(), confidence: multiplies ? 0.9 : 0.55 });
  }
  return rows;
}
