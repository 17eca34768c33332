import { z } from 'zod';

/** A value that code found; text names it in double braces. */
export const factSchema = z.object({ name: z.string(), text: z.string() });
export type Fact = z.output<typeof factSchema>;

const PLACEHOLDER = /\{\{\s*([\w.-]{1,200})\s*\}\}/g;

const ENGLISH =
  /\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|trillions?|dozens?|half|halves|third|quarters?|twice|thrice|double[ds]?|tripled?|percent|per cent)\b/iu;
/** Two numerals in a row, or one with a unit: a single one stands in many ordinary words. */
const CHINESE =
  /[〇零一二三四五六七八九十百千万萬亿億两兩壹贰叁肆伍陆柒捌玖拾佰仟]{2,}|[〇零一二三四五六七八九十百千万亿两半几]\s*(?:万|亿|成|倍|元|块|美元|欧元|人民币|个百分点|天|月|年|%|％)|百分之|翻番|翻倍/u;

export type Rendered = { ok: true; text: string } | { ok: false; problems: string[] };

/** Puts the facts in. A number that does not come from a fact, in digits or words, is refused. */
export function renderFacts(text: string, facts: readonly Fact[]): Rendered {
  const known = new Map(facts.map((fact) => [fact.name, fact.text]));
  const problems: string[] = [];
  for (const [, name = ''] of text.matchAll(PLACEHOLDER)) {
    if (!known.has(name)) problems.push(`There is no fact {{${name}}}.`);
  }
  const plain = text.replace(PLACEHOLDER, ' ');
  // Both forms: the second takes full-width digits for digits, the first Roman numerals for numbers.
  const rest = `${plain} ${plain.normalize('NFKC')}`;
  // \p{N} has digits of all scripts, fractions and Roman numerals.
  for (const pattern of [/[\p{N}][\p{N}.,:/-]*/u, ENGLISH, CHINESE]) {
    const found = pattern.exec(rest)?.[0];
    if (found !== undefined) problems.push(`"${found}" is a number; name a fact instead.`);
  }
  if (/\{\{|\}\}/.test(rest)) problems.push('There are braces that name no fact.');
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, text: text.replace(PLACEHOLDER, (_match, name: string) => known.get(name) ?? '') };
}
