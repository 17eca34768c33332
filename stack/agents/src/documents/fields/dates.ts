export interface FoundDate {
  /** ISO 8601, `2018-12-25`. */
  readonly value: string;
  readonly index: number;
  /** Day and month could be exchanged. */
  readonly ambiguous: boolean;
}

/** Names by their first letters without accents: English, German, Dutch, French, Spanish, Italian, Portuguese, Malay, Nordic, Polish. */
const MONTHS: readonly (readonly [pattern: string, month: number])[] = [
  ['jan|ene|gen|sty', 1],
  ['feb|fev|fevr|lut', 2],
  ['mar(?!t?i)|mrt|maa|marz|mac|mrz|maer', 3],
  ['apr|avr|abr|kwi', 4],
  ['may|mai|mei|mag|maj', 5],
  ['jun|juin|giu|cze', 6],
  ['jul|juil|lug|lip', 7],
  ['aug|aou|ago|ogos|sie', 8],
  ['sep|set|wrz', 9],
  ['okt|oct|ott|out|paz', 10],
  ['nov|lis', 11],
  ['dec|dez|dic|dis|gru', 12],
];
const MONTH = MONTHS.map(([pattern]) => pattern).join('|');

export function monthOf(name: string): number | undefined {
  const folded = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return MONTHS.find(([pattern]) => new RegExp(`^(?:${pattern})`).test(folded))?.[1];
}

function isoOf(year: number, month: number, day: number): string | undefined {
  const full = year < 100 ? 2000 + year : year;
  const date = new Date(Date.UTC(full, month - 1, day));
  if (full < 1990 || full > 2079) return undefined;
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.toISOString().slice(0, 10);
}

interface Pattern {
  readonly expression: RegExp;
  readonly read: (
    groups: Record<string, string | undefined>,
    dayFirst: boolean,
  ) => { value: string; ambiguous: boolean } | undefined;
}

function numeric(d: string | undefined, m: string | undefined, y: string | undefined, dayFirst: boolean) {
  const [first, second, year] = [Number(d), Number(m), Number(y)];
  const [day, month] = dayFirst ? [first, second] : [second, first];
  const value = isoOf(year, month, day) ?? isoOf(year, day, month);
  return value === undefined
    ? undefined
    : { value, ambiguous: first <= 12 && second <= 12 && first !== second };
}

const SEPARATOR = '\\s?[/.\\-–]\\s?';
const PATTERNS: readonly Pattern[] = [
  {
    expression: new RegExp(
      `(?<!\\d)(?<y>(?:19|20)\\d\\d)(?:${SEPARATOR}|年\\s?)(?<m>\\d{1,2})(?:${SEPARATOR}|月\\s?)(?<d>\\d{1,2})(?!\\d{3})`,
      'gu',
    ),
    read: ({ y, m, d }) => {
      const value = isoOf(Number(y), Number(m), Number(d));
      return value === undefined ? undefined : { value, ambiguous: false };
    },
  },
  {
    // No boundary after a four-digit year: scanners lose the space before the time.
    expression: new RegExp(
      `(?<!\\d)(?<d>\\d{1,2})${SEPARATOR}(?<m>\\d{1,2})${SEPARATOR}(?<y>20\\d\\d)`,
      'gu',
    ),
    read: ({ d, m, y }, dayFirst) => numeric(d, m, y, dayFirst),
  },
  {
    expression: new RegExp(
      `(?<![\\d.,/-])(?<d>\\d{1,2})(?<s>[/.\\-])(?<m>\\d{1,2})\\k<s>(?<y>\\d\\d)(?!\\d(?!\\d:\\d\\d)|[.,/-]\\d(?!\\d?:\\d\\d))`,
      'gu',
    ),
    read: ({ d, m, y }, dayFirst) => numeric(d, m, y, dayFirst),
  },
  {
    expression: new RegExp(
      `(?<!\\d|\\d:)(?<d>\\d{1,2})(?:st|nd|rd|th|er|º)?[\\s.,/\\-]*(?:de\\s+|of\\s+)?(?<n>(?:${MONTH})\\p{L}*)[.,]?[\\s/\\-']*(?:de[l]?\\s+)?(?<y>20\\d\\d|\\d\\d(?!\\d|[:.]))`,
      'giu',
    ),
    read: ({ d, n, y }) => named(d, n, y),
  },
  {
    expression: new RegExp(
      `(?<!\\p{L})(?<n>(?:${MONTH})\\p{L}*)[.,]?[\\s/\\-]*(?<d>\\d{1,2})(?:st|nd|rd|th)?(?:\\s*,\\s*|[\\s/\\-]+|\\s*,?\\s*)(?<y>20\\d\\d)`,
      'giu',
    ),
    read: ({ d, n, y }) => named(d, n, y),
  },
  {
    expression: /(?<!\d)(?<y>20\d\d)(?<m>0[1-9]|1[0-2])(?<d>[0-3]\d)(?!\d)/gu,
    read: ({ y, m, d }) => {
      const value = isoOf(Number(y), Number(m), Number(d));
      return value === undefined ? undefined : { value, ambiguous: false };
    },
  },
];

function named(d: string | undefined, n: string | undefined, y: string | undefined) {
  const month = n === undefined ? undefined : monthOf(n);
  const value = month === undefined ? undefined : isoOf(Number(y), month, Number(d));
  return value === undefined ? undefined : { value, ambiguous: false };
}

/** Dates in a text, in order. `dayFirst` decides where the numbers leave it open. */
export function findDates(text: string, { dayFirst = true } = {}): FoundDate[] {
  // Accents are removed character by character, so that places stay what they are.
  const plain = [...text].map((c) => c.normalize('NFKD').replace(/\p{M}/gu, '') || c).join('');
  const found: (FoundDate & { end: number })[] = [];
  for (const { expression, read } of PATTERNS) {
    for (const match of plain.matchAll(expression)) {
      const end = match.index + match[0].length;
      if (found.some((other) => match.index < other.end && other.index < end)) continue;
      const date = read(match.groups ?? {}, dayFirst);
      if (date) found.push({ ...date, index: match.index, end });
    }
  }
  return found
    .sort((a, b) => a.index - b.index)
    .map(({ value, index, ambiguous }) => ({ value, index, ambiguous }));
}
