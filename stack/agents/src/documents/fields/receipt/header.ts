import type { Line } from '../../layout/lines';
import type { Field } from '../../types';
import { hasLegalForm, hasTradeWord, repairLegalForm, withoutRegistration } from '../business-names';
import { findDates } from '../dates';
import { fold } from '../text';
import { repairAddress } from './address';

const REGISTRATION =
  /^\W*(?:c[o0][mn]pany|co\.?|roc|brn?)\W*(?:reg(?:istration|\.)?\s*)?n[o0][\s.:#(-]*[a-z]{0,3}\d[\w\s()–-]*$|^\W*(?:\(?\s*(?:co(?:mpany)?|roc|br|brn|reg)?\.?\s*(?:reg(?:istration)?)?\.?\s*(?:no)?\.?\s*[:#]?\s*\(?[a-z]{0,3}\s?\d{4,}\s?[-–]?\s?[a-z0-9]{0,2}\s*\)?)\W*$/iu;
const CONTACT = /(?:\btel|telephone|\bfax|phone|\bh\/?p\b|hotline|e-?mail|www\.|https?:|@|\.com\b)/iu;
const TAX_ID = /\b[gcs6][s5][tl1i]\b.{0,14}(?:id|no|reg|\d{6})|(?:gst|sst|vat)\s*(?:id|no|reg)/iu;
const TITLE =
  /(?:tax\s*in\s?[vuy]|in[vuy]oice|cash\s*(?:bill|sales?|memo)|receipt|resit|bill\s*(?:to|no)|\border\b|sales\s*order|welcome|thank|cashier|table|^\W*date|document\s*no|doc\s*no|\bmember|description|\bqty\b|sst\s*no)/iu;
const ADDRESS_WORD =
  /(?:\bno\W{0,3}\s?\d|\blot\b|\bl[o0]t\s?\w?\d|jalan|\bjln?\b|\bjl\b|taman|\btmn\b|lorong|persiaran|\bbandar|kampung|\bkg\b|lebuh|\bbatu\b|\blevel\b|\bfloor\b|\bground\b|\btingkat\b|\bblok\b|\bblock\b|\bunit\b|\bseksyen\b|\bsection\b|kawasan|bangunan|wisma|plaza|\bmall\b|\broad\b|\bstreet\b|\bsite\b|\d{5}(?!\d)|selangor|johor|kuala|lumpur|melaka|perak|penang|pulau\s?pinang|kedah|pahang|sabah|sarawak|terengganu|kelantan|perlis|negeri|sembilan|petaling|shah\s?alam|klang|puchong|subang|cheras|ampang|skudai|putrajaya|malaysia)/iu;
const ADDRESS_START =
  /^\W*(?:no\W{0,3}\s?\w?\d|lot\b|l[o0]t\s?\w?\d|\d+[a-z]?\W|jalan|jln|level|suite|unit|block|blok|g\/?f|ground|bangunan|wisma|batu\s\d|[a-z]?\d+[-,&])/iu;

function isNoise(text: string): boolean {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return letters < 3 || letters < text.replace(/\s/g, '').length * 0.35;
}

interface Header {
  readonly company: Field | undefined;
  readonly address: Field | undefined;
}

function kindOf(text: string): 'registration' | 'stop' | 'address' | 'contact' | 'noise' | 'name' {
  const folded = fold(text);
  if (REGISTRATION.test(text)) return 'registration';
  if (TAX_ID.test(folded) || CONTACT.test(folded)) return 'contact';
  if (findDates(text).length > 0) return 'stop';
  const legal = hasLegalForm(repairLegalForm(text));
  // A company may be called "Klang Trading Sdn Bhd".
  if (!legal && ADDRESS_START.test(text) && ADDRESS_WORD.test(folded)) return 'address';
  if (TITLE.test(folded) && !legal) return 'stop';
  if (isNoise(text)) return 'noise';
  if (!legal && ADDRESS_WORD.test(folded) && (/\d/.test(text) || !hasTradeWord(text))) return 'address';
  if (!legal && ADDRESS_START.test(text) && /,\s*$|,\s/.test(text)) return 'address';
  return 'name';
}

function openBracket(text: string): boolean {
  return (text.match(/\(/g)?.length ?? 0) > (text.match(/\)/g)?.length ?? 0);
}

const FIRST_TRADE_WORD =
  /^(?:enterprise|trading|hardware|sdn|bhd|\(|&|and\b|stationery|restaurant|holdings?|marketing|electrical)/iu;

/** Lines of one name: an open bracket, a dangling "&", a name whose legal form stands below it. */
function wholeName(
  lines: readonly string[],
  kinds: readonly string[],
  at: number,
): { text: string; last: number } {
  let text = lines[at] ?? '';
  // A name that starts with "Enterprise" or inside a bracket has a beginning above.
  for (let above = at - 1; above >= 0 && kinds[above] === 'name'; above -= 1) {
    const line = lines[above] ?? '';
    const belongs = openBracket(line) || FIRST_TRADE_WORD.test(text) || /[&(]\s*$/.test(line);
    if (!belongs || hasLegalForm(line) || line === line.toLowerCase()) break;
    text = `${line} ${text}`;
  }
  let last = at;
  for (let next = at + 1; next <= at + 2 && next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    const open = openBracket(text) && !hasLegalForm(repairLegalForm(text)) && kinds[next] !== 'contact';
    const dangling = /(?:&|\band|,)\s*$/iu.test(text) && kinds[next] === 'name';
    const complete = hasLegalForm(repairLegalForm(text));
    const formOnly = /^\W*(?:\([^)]*\)\s*)?sdn\.?\s*bhd\.?\W*$/iu.test(repairLegalForm(line));
    const continues =
      kinds[next] === 'name' && hasLegalForm(repairLegalForm(line)) && line.split(' ').length <= 4;
    if (complete || !(open || dangling || formOnly || continues)) break;
    text = `${text} ${line}`;
    last = next;
  }
  return { text: withoutRegistration(repairLegalForm(text)), last };
}

/** Seller and address of a receipt: what stands above the first title, date or item. */
export function readHeader(lines: readonly Line[]): Header {
  const texts: string[] = [];
  const kinds: ReturnType<typeof kindOf>[] = [];
  const heights: number[] = [];
  for (const line of lines.slice(0, 22)) {
    texts.push(line.text.replace(/\s+/g, ' ').trim());
    kinds.push(kindOf(line.text));
    heights.push(line.height);
  }
  const usual = [...heights].sort((a, b) => a - b)[Math.floor(heights.length / 2)] ?? 1;
  let best: { at: number; score: number; reasons: string[] } | undefined;
  const end = kinds.findIndex((kind, i) => kind === 'stop' && i > 1);
  for (let at = 0; at < Math.min(kinds.length, end < 0 ? 12 : end); at += 1) {
    if (kinds[at] !== 'name') continue;
    const text = repairLegalForm(texts[at] ?? '');
    const letters = text.replace(/[^\p{L}]/gu, '');
    const reasons: string[] = [];
    let score = 3 - at * 0.45;
    const add = (points: number, reason: string): void => {
      score += points;
      reasons.push(reason);
    };
    if (hasLegalForm(text)) add(3, 'has a legal form');
    if (hasTradeWord(text)) add(2, 'has a word of trade');
    if (/\(\s*[A-Z]{0,3}\d{5,}/iu.test(text) || kinds[at + 1] === 'registration')
      add(2.5, 'a register number follows');
    if (kinds[at + 1] === 'address' || kinds[at + 2] === 'address') add(1, 'an address follows');
    if (letters === letters.toUpperCase()) add(0.5, 'stands in capitals');
    if (letters === letters.toLowerCase()) add(-3, 'has no capital');
    if ((heights[at] ?? 0) > usual * 1.25) add(0.7, 'is set larger');
    if (/formerly|licensee|known as|branch|cawangan/iu.test(text)) add(-3, 'describes another name');
    if (letters.length < 5) add(-1, 'is short');
    if (kinds.slice(0, at).some((kind) => kind === 'address' || kind === 'contact'))
      add(-2, 'stands below an address');
    if (!best || score > best.score) best = { at, score, reasons };
  }
  if (!best) return { company: undefined, address: readAddress(texts, kinds, 0) };
  const name = wholeName(texts, kinds, best.at);
  return {
    company: {
      value: name.text,
      confidence: Math.max(0.2, Math.min(0.95, 0.3 + best.score * 0.08)),
      reason: `Line ${best.at + 1} of the head: ${best.reasons.join(', ') || 'the first that can be a name'}.`,
    },
    address: readAddress(texts, kinds, name.last + 1),
  };
}

function readAddress(
  texts: readonly string[],
  kinds: readonly ReturnType<typeof kindOf>[],
  from: number,
): Field | undefined {
  const first = kinds.findIndex((kind, i) => i >= from && kind === 'address');
  if (first < 0) return undefined;
  const parts: string[] = [];
  for (let at = first; at < texts.length && parts.length < 7; at += 1) {
    const kind = kinds[at];
    if (kind === 'stop' || kind === 'contact') break;
    if (kind === 'registration' || kind === 'noise') continue;
    const text = texts[at] ?? '';
    if (kind === 'name' && /^\W*-/.test(text)) break;
    // A town in capitals below a street is still the address; a slogan below the postcode is not.
    if (kind === 'name' && parts.some((part) => /\d{5}/.test(part)) && text.split(' ').length > 4) break;
    parts.push(text.replace(/\s*[([]?\s*(?:tel|fax|gst).*$/iu, ''));
  }
  const value = repairAddress(parts.join(' ').replace(/\s+/g, ' ').trim());
  return {
    value,
    confidence: /\d{5}/.test(value) ? 0.75 : 0.5,
    reason: `${parts.length} line(s) of the head that read as an address${/\d{5}/.test(value) ? ' with a postcode' : ''}.`,
  };
}
