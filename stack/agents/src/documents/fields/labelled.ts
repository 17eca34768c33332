import type { Line } from '../layout/lines';
import type { Field } from '../types';
import { findAmounts } from './amounts';
import { findDates } from './dates';
import { type NearValue, valuesNear } from './invoice/near';
import { asNumber } from './invoice/number';

type Kind = 'date' | 'amount' | 'number' | 'text';

/** Words of a name that say what its value is; on paper they stand elsewhere, or not at all. */
const KINDS: Readonly<Record<Exclude<Kind, 'text'>, ReadonlySet<string>>> = {
  number: new Set(['id', 'no', 'nr', 'num', 'number', 'nummer', 'code', 'ref', 'reference']),
  date: new Set(['date', 'day', 'datum']),
  amount: new Set(['amount', 'total', 'sum', 'price', 'fee', 'cost', 'rate', 'quantity', 'qty', 'count']),
};
const ANY_NUMBER = String.raw`(?:id|no|nr|num|number|nummer|code|ref(?:erence)?|#|№|n[°º])`;
const NAMES_MAX_WORDS = 6;
const NAMES_MAX = 200;

function kindOf(word: string): Kind {
  if (KINDS.number.has(word)) return 'number';
  if (KINDS.date.has(word)) return 'date';
  return KINDS.amount.has(word) ? 'amount' : 'text';
}

/** `bookingId`, `booking_id` and `Booking ID` are the same words. */
function wordsOf(name: string): string[] {
  return name
    .replace(/(?<=[\p{Ll}\d])(?=\p{Lu})/gu, ' ')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .slice(0, NAMES_MAX_WORDS);
}

/** Labels for a name, the likeliest first. */
function labelsOf(words: readonly string[]): RegExp[] {
  const kind = (word: string | undefined): Kind => (word === undefined ? 'text' : kindOf(word));
  const [first, last] = [words[0], words.at(-1)];
  const inOrder = [[...words]];
  if (words.length > 1 && kind(last) !== 'text') inOrder.push([last ?? '', ...words.slice(0, -1)]);
  if (words.length > 1 && kind(first) !== 'text') inOrder.push([...words.slice(1), first ?? '']);
  const bare = words.filter((word) => kind(word) === 'text');
  if (bare.length > 0 && bare.length < words.length && bare.join('').length > 3) inOrder.push(bare);
  return inOrder.map((list) => {
    const parts = list.map((word) =>
      KINDS.number.has(word) ? ANY_NUMBER : `${word.replace(/(?<=\p{L}{3})s$/u, '')}(?:e?s|e?n)?`,
    );
    // At the start of a cell, or after a comma; a word in the middle of a sentence is no label.
    const label = parts.join(String.raw`[\s_.\/-]*`);
    return new RegExp(String.raw`(?:^|[,;|]\s*)[^\p{L}\p{N}]*${label}(?![\p{L}\p{N}])\s*[.#]*`, 'iu');
  });
}

const PLACES: Readonly<Record<NearValue['place'], number>> = { after: 3, right: 2, below: 1 };

/** How likely a place is the one that is meant. */
function rankOf({ line, label, place }: NearValue): number {
  const at = line.segments.findIndex(({ text }) => text.includes(label));
  const [cell, next] = [line.segments[at]?.text ?? '', line.segments[at + 1]?.text];
  const rest = cell.slice(cell.indexOf(label) + label.length);
  // "Room" of "Room charges" is another label.
  const isWhole = /^\s*(?:$|[:#.\-–])/.test(rest) || /[:#.]$/.test(label);
  // In a row of headings the next cell is another heading, and the value stands below.
  const isHeading = place === 'below' && next !== undefined && rest === '' && !/\d|^:/.test(next);
  return (isWhole ? 4 : 0) + (isHeading ? 2.5 : PLACES[place]);
}

function valueOf(text: string, kind: Kind, dayFirst: boolean): string | undefined {
  if (kind === 'date') {
    const [date] = findDates(text, { dayFirst });
    return date !== undefined && date.index < 4 ? date.value : undefined;
  }
  if (kind === 'amount') {
    const [amount] = findAmounts(text, { whole: true });
    return amount !== undefined && amount.index < 4 ? String(amount.value) : undefined;
  }
  if (kind === 'number') return asNumber(text);
  const value = text.trim().replace(/^[:\s]+|[\s,;:]+$/g, '');
  return /[\p{L}\p{N}]/u.test(value) && value.length <= 200 ? value : undefined;
}

/**
 * The value at a label that reads like `name` (`booking_id`: "Booking ID", "Booking No."). Words such as date, amount
 * and number say what the value must be: a date comes as ISO 8601, an amount as a plain number.
 */
export function readLabelled(lines: readonly Line[], name: string, dayFirst: boolean): Field | undefined {
  const words = wordsOf(name);
  if (words.length === 0) return undefined;
  const kind = words.map(kindOf).find((one) => one !== 'text') ?? 'text';
  for (const [at, expression] of labelsOf(words).entries()) {
    const found = valuesNear(lines, expression).map((near) => ({ near, rank: rankOf(near) }));
    for (const { near } of found.sort((one, other) => other.rank - one.rank)) {
      const value = valueOf(near.text, kind, dayFirst);
      if (value === undefined) continue;
      return {
        value,
        confidence: Math.max(0.3, 0.75 - at * 0.1 - (near.place === 'below' ? 0.1 : 0)),
        reason: `Stands ${near.place} "${near.label.slice(0, 40)}".`,
      };
    }
  }
  return undefined;
}

/** {@link readLabelled} for each name; those that are not there are left out. */
export function readAllLabelled(
  lines: readonly Line[],
  names: readonly string[],
  dayFirst: boolean,
): Record<string, Field> {
  return Object.fromEntries(
    names.slice(0, NAMES_MAX).flatMap((name) => {
      const field = readLabelled(lines, name, dayFirst);
      return field ? [[name, field]] : [];
    }),
  );
}
