import type { LeadCaptured } from '@bizstack/contracts';
import { emailKind } from './email-domains';
import { normalise, readField, readNumber } from './lead-fields';
import type { Factor, FactorOf } from './rules';
import { type Locale, type Text, textIn } from './text';

/** What a factor says about one lead; `undefined` when it has nothing to say. */
export interface Finding {
  /** Name of the reason; the factor's own unless it has several. */
  factor: string;
  points: number;
  text: string;
}

type Evaluate<K extends Factor['kind']> = (
  factor: FactorOf<K>,
  lead: LeadCaptured,
  locale: Locale,
) => Finding | undefined;

const EMAIL_TEXTS = {
  business: ['business_domain', { en: 'E-mail address of a company.', zh: '企业邮箱。' }],
  freeMail: ['free_mail', { en: 'E-mail address of a free provider.', zh: '免费邮箱。' }],
  disposable: ['disposable', { en: 'Throw-away e-mail address.', zh: '一次性邮箱。' }],
  missing: ['missing', { en: 'No e-mail address.', zh: '没有邮箱。' }],
} as const satisfies Record<string, readonly [string, Text]>;

const emailDomain: Evaluate<'email_domain'> = (factor, lead, locale) => {
  const kind = lead.email === null ? 'missing' : emailKind(lead.email);
  if (kind === 'reserved') return undefined;
  const [suffix, text] = EMAIL_TEXTS[kind];
  return { factor: `${factor.name}.${suffix}`, points: factor[kind], text: textIn(locale, text) };
};

const presence: Evaluate<'presence'> = (factor, lead, locale) => {
  const value = readField(lead, factor.field);
  return value === undefined || value === false ? undefined : found(factor.name, factor, locale);
};

const category: Evaluate<'category'> = (factor, lead, locale) => {
  for (const field of factor.fields) {
    const value = readField(lead, field);
    if (value === undefined) continue;
    const text = normalise(String(value));
    const match = factor.values.find((each) => each.match.some((name) => normalise(name) === text));
    if (match) return found(factor.name, match, locale);
  }
  return undefined;
};

const keywords: Evaluate<'keywords'> = (factor, lead, locale) => {
  const text = factor.fields
    .map((field) => readField(lead, field))
    .filter((value) => value !== undefined)
    .join('\n');
  const matching = text === '' ? [] : factor.groups.filter((group) => wordPattern(group.words).test(text));
  const [first] = matching;
  if (first === undefined) return undefined;
  if (factor.combine === 'first') return found(factor.name, first, locale);
  const total = matching.reduce((sum, group) => sum + group.points, 0);
  const cap = factor.cap ?? Infinity;
  return {
    factor: factor.name,
    points: Math.max(-cap, Math.min(cap, total)),
    text: matching.map((group) => textIn(locale, group.text)).join(' '),
  };
};

const length: Evaluate<'length'> = (factor, lead, locale) => {
  const value = readField(lead, factor.field);
  const band = value === undefined ? undefined : bandOf(factor.bands, String(value).length);
  return band && found(factor.name, band, locale);
};

const number: Evaluate<'number'> = (factor, lead, locale) => {
  for (const field of factor.fields) {
    const value = readNumber(lead, field);
    if (value === undefined) continue;
    const band = bandOf(factor.bands, value);
    if (!band) return undefined;
    const given = locale === 'zh' ? `(实际值:${value})` : ` (it is ${value})`;
    return { factor: factor.name, points: band.points, text: `${textIn(locale, band.text)}${given}` };
  }
  return undefined;
};

/**
 * Applies one factor to a lead. Texts come from the rules only, never from the lead, so that nothing a
 * stranger typed into a form reaches a place where the reasons are shown or read by a model.
 */
export function evaluate(factor: Factor, lead: LeadCaptured, locale: Locale): Finding | undefined {
  switch (factor.kind) {
    case 'email_domain':
      return emailDomain(factor, lead, locale);
    case 'presence':
      return presence(factor, lead, locale);
    case 'category':
      return category(factor, lead, locale);
    case 'keywords':
      return keywords(factor, lead, locale);
    case 'length':
      return length(factor, lead, locale);
    case 'number':
      return number(factor, lead, locale);
  }
}

function found(factor: string, outcome: { points: number; text: Text }, locale: Locale): Finding {
  return { factor, points: outcome.points, text: textIn(locale, outcome.text) };
}

function bandOf<B extends { from: number }>(bands: readonly B[], value: number): B | undefined {
  return bands
    .filter((band) => value >= band.from)
    .reduce<B | undefined>((best, band) => (best && best.from >= band.from ? best : band), undefined);
}

const patterns = new WeakMap<readonly string[], RegExp>();

/** Whole words for alphabets that part them; anywhere in the text for Chinese, which does not. */
function wordPattern(words: readonly string[]): RegExp {
  const known = patterns.get(words);
  if (known) return known;
  const parts = words.map((word) => {
    const escaped = word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/\s+/g, '\\s+');
    return /\p{Script=Han}/u.test(word) ? escaped : `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`;
  });
  const pattern = new RegExp(parts.join('|'), 'iu');
  patterns.set(words, pattern);
  return pattern;
}
