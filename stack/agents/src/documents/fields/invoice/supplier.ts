import type { Line, Segment } from '../../layout/lines';
import type { Field } from '../../types';
import { comparableName, hasLegalForm, hasTradeWord, repairLegalForm } from '../business-names';
import { findDates } from '../dates';
import { compact } from '../text';
import { below, plain, valuesNear } from './near';

const SELLER =
  /^\W*(?:sold\s*by|seller|service\s*provider|supplier|vendor|merchant|issued\s*by|billed\s*by|provider|bill\s*from|from|verkaufer|rechnungssteller|absender|leverancier|verkoper|vendeur|fournisseur|emetteur|emisor|proveedor|vendedor|fornitore|cedente|sprzedawca|dodavatel|selger|saljare|saelger|in\s*favou?r\s*of|for\s+and\s+on\s+behalf\s+of)\s*(?:name)?\s*(?::|$)/iu;
const BUYER =
  /(?<![\p{L}])(?:bill(?:ed|ing)?\s*(?:to|address)|invoice(?:d)?\s*to|sold\s*to|ship(?:ped|ping)?\s*(?:to|address)|deliver(?:y|ed)?\s*(?:to|address)|customer|client|guest|buyer|attn|attention|recipient|passenger|account\s*(?:name|holder)|rechnungs(?:adresse|empfanger|anschrift)|liefer(?:adresse|anschrift)|kunde|an:|factuuradres|afleveradres|klant|facture\s*a|adresse\s*de\s*(?:facturation|livraison)|livre\s*a|destinataire|cliente|facturar\s*a|direccion|destinatario|nabywca|odberatel|kunde)(?![\p{L}])\s*(?:name)?[\s:]*/iu;

const FORM_AT =
  /(?:sdn\.?\s*bhd|pvt\.?\s*ltd|private\s+limited|pte\.?\s*ltd|pty\.?\s*ltd|co\.,?\s*ltd|gmbh(?:\s*&\s*co\.?\s*kg)?|ltd|limited|inc|corp(?:oration)?|llc|llp|plc|ag|kg|ohg|se|ug|b\.?v|n\.?v|s\.?a\.?r\.?l|s\.?a\.?s(?:\.?u)?|s\.?a|sprl|s\.?r\.?l|s\.?p\.?a|s\.?l\.?u?|ltda|lda|a\.?b|a\.?s|aps|oyj?|asa|sp\.?\s*z\.?\s*o\.?\s*o|s\.?r\.?o|kft|d\.?o\.?o)/u;
const WORD = String.raw`[\p{Lu}\d][\p{L}\d&.'’+*!-]*`;
const NAME = new RegExp(
  String.raw`((?:${WORD}|(?<=\p{L}\s)(?:&|and|und|et|y|e|en|of|de|der|du|la|van|für|the|[a-z]{3,14}))(?:\s+(?:${WORD}|&|and|und|et|of|de|der|du|la|van|für))*,?\s*\(?(?<![\p{L}])(?:${FORM_AT.source})\.?\)?)(?=$|[\s,;:)(\-–|•·.])`,
  'iu',
);

/** The name in a text that may go on with an address or be a sentence. */
export function nameWithin(text: string): string | undefined {
  for (const part of text.split(/\s+[-–—|•·*]\s+|\s{2,}|[|•·;]|,\s+(?=\p{Lu}?\p{Ll}*\s?\d)/u)) {
    if (!hasLegalForm(part)) continue;
    const words = part.trim().split(/\s+/);
    const upper = words.filter((word) => /^[\p{Lu}\d&(]/u.test(word)).length;
    if (words.length <= 7 && upper >= words.length * 0.5) {
      const name = NAME.exec(part)?.[1] ?? part;
      return tidy(name);
    }
    // Inside a sentence the name is the run of capitals before the legal form.
    const run = new RegExp(
      String.raw`((?:${WORD}\s+(?:(?:&|and|und|of|de)\s+)?){1,6}(?:${FORM_AT.source})\.?)(?=$|[\s,;:)(.])`,
      'u',
    ).exec(part.replace(/,\s+(?=Inc|LLC|Ltd|Corp)/gi, ' '));
    const strict =
      /((?:[\p{Lu}\d][\p{L}\d&.'’+*!-]*\s+){1,6}(?:Ltd|Limited|Inc|Corp|LLC|LLP|PLC|GmbH|AG|KG|SE|B\.?V|N\.?V|S\.?A|SAS|SARL|SRL|S\.?p\.?A|S\.?L|AB|A\/?S|ApS|Oy|Sdn\.?\s*Bhd|BHD)\.?)(?=$|[\s,;:)(.])/u.exec(
        part.replace(/,\s+(?=Inc|LLC|Ltd|Corp)/gi, ' '),
      );
    const found = strict?.[1] ?? (words.length <= 9 ? run?.[1] : undefined);
    if (found !== undefined) return tidy(found);
  }
  return undefined;
}

function tidy(name: string): string {
  return repairLegalForm(name)
    .replace(/^(?:by|from|name)\s*:?\s+/iu, '')
    .replace(/^[\s:,.-]+|[\s:,-]+$/gu, '')
    .replace(/\s+/g, ' ');
}

/** Second-level labels of web and mail addresses, free mail left out; most frequent first. */
export function domainsOf(text: string): { readonly label: string; readonly domain: string }[] {
  const counts = new Map<string, { domain: string; count: number }>();
  const expression =
    /(?:@|https?:\/\/|www\.|(?<=[\s(:]))((?:[a-z0-9-]+\.)+(?:com|net|org|io|co|eu|de|nl|fr|be|es|it|pt|at|ch|uk|ie|in|my|sg|hk|cn|jp|us|ca|au|nz|se|no|dk|fi|pl|cz|ru|ua|tr|br|mx|ar|za|info|biz|shop|app|dev|me|tv|cloud|online|ai))(?![a-z0-9])/giu;
  for (const match of ` ${text}`.matchAll(expression)) {
    const domain = (match[1] ?? '').toLowerCase();
    const parts = domain.split('.').filter((part) => part !== 'www');
    const last =
      parts.length > 2 && /^(?:co|com|org|net|gov|ac)$/.test(parts.at(-2) ?? '')
        ? parts.at(-3)
        : parts.at(-2);
    if (last === undefined || last.length < 3) continue;
    if (
      /^(?:gmail|googlemail|hotmail|yahoo|outlook|live|icloud|gmx|web|aol|msn|qq|163|protonmail|me|t-online|mail)$/.test(
        last,
      )
    )
      continue;
    const known = counts.get(last);
    if (known) known.count += 1;
    else counts.set(last, { domain, count: 1 });
  }
  return [...counts]
    .sort((a, b) => b[1].count - a[1].count)
    .map(([label, { domain }]) => ({ label, domain }));
}

/** A name in the text that a domain of the text is made of: `flipkart.com` and "Flipkart". */
function brandOf(text: string, labels: readonly string[]): string | undefined {
  const withoutAddresses = text.replace(/\S*(?:@|www\.|https?:)\S*/giu, ' ');
  const words = [...withoutAddresses.matchAll(/[\p{L}\d][\p{L}\d&'’.-]*/gu)].map((match) => match[0]);
  const joined = new Map<string, Map<string, number>>();
  for (let at = 0; at < words.length; at += 1) {
    for (const size of [1, 2, 3]) {
      const written = words
        .slice(at, at + size)
        .join(' ')
        .replace(/\.(?:com|net|org|de|nl|fr)$/i, '')
        .replace(/[.]$/, '');
      if (!/^[\p{Lu}\d]/u.test(written)) continue;
      const key = compact(written);
      const forms = joined.get(key) ?? new Map<string, number>();
      forms.set(written, (forms.get(written) ?? 0) + 1);
      joined.set(key, forms);
    }
  }
  for (const label of labels) {
    const target = compact(label);
    const forms = joined.get(target);
    const form = forms && [...forms].sort((a, b) => b[1] - a[1])[0];
    if (form) return form[0];
    // "OYO" of oyorooms.com: capitals alone, and more than once.
    for (const [key, writings] of joined) {
      if (key.length < 3 || key.length < target.length * 0.35 || !target.startsWith(key)) continue;
      const capitals = [...writings].find(
        ([written, count]) => count > 1 && written === written.toUpperCase() && /\p{L}/u.test(written),
      );
      if (capitals) return capitals[0];
    }
  }
  return undefined;
}

interface Candidate {
  readonly name: string;
  readonly segment: Segment | undefined;
  readonly at: number;
  score: number;
  readonly reasons: string[];
}

function inBuyerBlock(lines: readonly Line[], at: number, segment: Segment): boolean {
  for (let above = at; above >= Math.max(0, at - 6); above -= 1) {
    const line = lines[above];
    for (const other of line?.segments ?? []) {
      if (SELLER.test(plain(other.text))) continue;
      const near = above === at ? other.x <= segment.x : Math.abs(other.x - segment.x) < 60;
      if (near && BUYER.test(plain(other.text)) && other.text.length < 60) return true;
    }
  }
  return false;
}

/** The seller, and the brand by which the document goes. */
export function readSupplier(
  lines: readonly Line[],
  text: string,
): { supplier?: Field; issuer?: Field; address?: Field; customer?: Field } {
  const labels = domainsOf(text).map((domain) => domain.label);
  const candidates: Candidate[] = [];
  const everything = compact(text);
  lines.forEach((line, at) => {
    line.segments.forEach((segment) => {
      const name = nameWithin(segment.text);
      if (name === undefined || compact(name).length < 4) return;
      const reasons = ['has a legal form'];
      let score = 3;
      const add = (points: number, reason: string): void => {
        score += points;
        reasons.push(reason);
      };
      const core = comparableName(name);
      if (at < lines.length * 0.2) add(1, 'stands at the top');
      if (line.page === 0 && at < 3) score += 0.5;
      if (at > lines.length * 0.8) add(0.7, 'stands in the foot');
      const times = everything.split(core).length - 1;
      if (times > 1) add(Math.min(1.5, times * 0.4), `is named ${times} times`);
      if (labels.some((label) => core.includes(compact(label)) || compact(label).includes(core.slice(0, 12))))
        add(2, 'fits a web address');
      if (
        /(?:vat|tva|btw|ust|gst|iban|kvk|register|regd|head\s*office)/iu.test(
          plain([line, lines[at + 1], lines[at + 2]].map((l) => l?.text ?? '').join(' ')),
        )
      )
        score += 0.5;
      if (segment.text.split(' ').length > 9) score -= 1;
      if (SELLER.test(plain(segment.text))) add(2, 'is named as the seller');
      if (inBuyerBlock(lines, at, segment)) add(-4, 'stands where the customer stands');
      candidates.push({ name, segment, at, score, reasons });
    });
  });
  for (const near of valuesNear(lines, SELLER)) {
    const cleaned = near.text.replace(/^\(.*\)$/, '').replace(/\s*,\s*$/, '');
    const name =
      nameWithin(cleaned) ??
      (cleaned.split(' ').length <= 6 && !/\d{3}|^date|^from$/i.test(cleaned) ? cleaned : '');
    if (compact(name).length < 3 || findDates(name).length > 0) continue;
    candidates.push({
      name: tidy(name),
      segment: undefined,
      at: -1,
      score: (near.place === 'below' ? 4 : 5.5) + (hasLegalForm(name) ? 1 : -1),
      reasons: [`stands at "${near.label.slice(0, 30)}"`],
    });
  }
  candidates.sort((a, b) => b.score - a.score);
  const best = candidates[0];
  const brand = brandOf(text, labels);
  const customer = readCustomer(lines);
  const found: { supplier?: Field; issuer?: Field; address?: Field; customer?: Field } = customer
    ? { customer }
    : {};
  if (best && best.score > 1) {
    found.supplier = {
      value: best.name,
      confidence: Math.max(0.25, Math.min(0.95, 0.2 + best.score * 0.11)),
      reason: `The name ${best.reasons.join(', ')}.`,
    };
    const address = best.segment && addressBelow(lines, best.at, best.segment);
    if (address) found.address = address;
  } else {
    const head = headName(lines);
    if (brand === undefined && head) found.supplier = head;
  }
  if (
    brand !== undefined &&
    (!found.supplier || !comparableName(found.supplier.value).includes(compact(brand)))
  ) {
    found.issuer = {
      value: brand,
      confidence: 0.6,
      reason: 'The name that a web address of the document is made of.',
    };
    found.supplier ??= { ...found.issuer, confidence: 0.45 };
  } else if (found.supplier) found.issuer = found.supplier;
  return found;
}

const TITLE =
  /^\W*(?:tax\s*)?(?:invoice|rechnung|factuur|facture|factura|fattura|fatura|faktura|receipt|payment\s*receipt|bill|original|copy|page|date|seite|quittung|statement|retail\s*invoices?.*|order.*|number.*)\W*\d*$/iu;

/** No legal form anywhere: the largest line of the head that is no title. */
function headName(lines: readonly Line[]): Field | undefined {
  const head = lines
    .slice(0, Math.max(6, Math.round(lines.length * 0.2)))
    .flatMap((line, at) => line.segments.map((segment) => ({ segment, at })));
  const names = head.filter(
    ({ segment, at }) =>
      /\p{L}{3}/u.test(segment.text) &&
      !TITLE.test(plain(segment.text)) &&
      !/[:@]|\d{3}/.test(segment.text) &&
      segment.text.split(' ').length <= 6 &&
      !inBuyerBlock(lines, at, segment),
  );
  const score = ({ segment, at }: { segment: Segment; at: number }): number =>
    segment.height - at * 0.6 + (hasTradeWord(segment.text) ? 4 : 0);
  const best = names.sort((a, b) => score(b) - score(a))[0];
  return (
    best && {
      value: best.segment.text,
      confidence: 0.35,
      reason: 'The largest line of the head that is no title.',
    }
  );
}

function addressBelow(lines: readonly Line[], at: number, segment: Segment): Field | undefined {
  const inline = segment.text.split(/\s+[-–—|•·]\s+/);
  if (inline.length > 2 && /\d/.test(inline.slice(1).join(' '))) {
    return {
      value: inline.slice(1).join(', '),
      confidence: 0.7,
      reason: "Follows the seller's name on its line.",
    };
  }
  const parts: string[] = [];
  for (const next of below(lines, at, segment, 5)) {
    if (/[:@]|www\.|iban|tel\b|fax|vat|kvk|btw|invoice/iu.test(next.text)) break;
    if (next.text.split(' ').length > 9) break;
    parts.push(next.text.replace(/,\s*$/, ''));
  }
  const value = parts.join(', ');
  return parts.length > 0 && /\d/.test(value)
    ? { value, confidence: 0.6, reason: "The lines below the seller's name." }
    : undefined;
}

function readCustomer(lines: readonly Line[]): Field | undefined {
  for (const near of valuesNear(lines, BUYER)) {
    const value = near.text.replace(/^(?:ATTN|c\/o)[:\s]*/i, '').trim();
    if (near.place === 'right' || !/\p{L}{3}/u.test(value) || value.length > 60 || /\d{4}|:/.test(value))
      continue;
    return { value, confidence: 0.6, reason: `Stands ${near.place} "${near.label.slice(0, 30)}".` };
  }
  return undefined;
}
