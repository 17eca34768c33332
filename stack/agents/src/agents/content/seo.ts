import { readability, type Readability } from './readability';
import { plainText, similarity, wordsOf } from './words';

export interface SeoInput {
  title: string;
  metaDescription: string;
  /** Markdown. */
  body: string;
  keywords: readonly string[];
  /** Published items, for links and duplicates. */
  published?: readonly { url: string; title: string; text: string }[];
}

export interface SeoCheck {
  name:
    | 'title_length'
    | 'meta_length'
    | 'keyword_title'
    | 'keyword_start'
    | 'keyword_density'
    | 'headings'
    | 'length'
    | 'readability'
    | 'internal_links'
    | 'duplicate';
  /** 0–1 */
  score: number;
  weight: number;
  /** One sentence for a person. */
  text: string;
}

export interface SeoScore {
  /** 0–100 */
  score: number;
  checks: SeoCheck[];
  /** Per keyword: how often it stands in the body, and per 100 words. */
  keywords: { keyword: string; count: number; density: number; inTitle: boolean; inStart: boolean }[];
  readability: Readability;
  internalLinks: string[];
  duplicateOf: { url: string; title: string; similarity: number } | null;
}

const DUPLICATE_FROM = 0.35;

/** Scores a text for search engines by rules anybody can check. No model, no network. */
export function scoreSeo({ title, metaDescription, body, keywords, published = [] }: SeoInput): SeoScore {
  const text = plainText(body);
  const words = wordsOf(text);
  const start = words.slice(0, 100);
  const found = keywords.map((keyword) => {
    const count = occurrences(words, wordsOf(keyword));
    return {
      keyword,
      count,
      density: words.length === 0 ? 0 : (count * wordsOf(keyword).length * 100) / words.length,
      inTitle: occurrences(wordsOf(title), wordsOf(keyword)) > 0,
      inStart: occurrences(start, wordsOf(keyword)) > 0,
    };
  });
  const ease = readability(body);
  const known = new Set(published.map((item) => item.url));
  const internalLinks = [
    ...new Set([...body.matchAll(/\]\(\s*<?([^)\s>]+)/g)].map((match) => match[1] ?? '')),
  ].filter((url) => known.has(url));
  const duplicate = published
    .map((item) => ({ url: item.url, title: item.title, similarity: similarity(text, plainText(item.text)) }))
    .sort((left, right) => right.similarity - left.similarity)[0];
  const headings = body.match(/^#{2,4}\s+\S/gm)?.length ?? 0;
  const part = (of: (keyword: (typeof found)[number]) => boolean) =>
    found.length === 0 ? 1 : found.filter(of).length / found.length;
  const chinese = ease.language === 'chinese';
  const titleLength = displayLength(title);
  const metaLength = displayLength(metaDescription);
  const checks: SeoCheck[] = [
    check(
      'title_length',
      15,
      within(titleLength, 30, 60),
      `The title has ${titleLength} columns; 30–60 are shown whole.`,
    ),
    check(
      'meta_length',
      10,
      within(metaLength, 70, 160),
      `The description has ${metaLength} columns; 70–160 are shown whole.`,
    ),
    check(
      'keyword_title',
      15,
      part((one) => one.inTitle),
      'Keywords in the title.',
    ),
    check(
      'keyword_start',
      10,
      part((one) => one.inStart),
      'Keywords in the first 100 words.',
    ),
    check(
      'keyword_density',
      10,
      part((one) => one.density >= 0.3 && one.density <= 3),
      'Each keyword makes 0.3–3 % of the words.',
    ),
    check(
      'headings',
      10,
      Math.min(1, headings / Math.max(1, Math.floor(words.length / 300))),
      `${headings} subheadings; one for 300 words.`,
    ),
    check('length', 10, Math.min(1, words.length / (chinese ? 600 : 300)), `${words.length} words.`),
    check('readability', 10, Math.min(1, ease.score / 50), `Reading ease ${ease.score} of 100.`),
    check(
      'internal_links',
      5,
      known.size === 0 ? 1 : Math.min(1, internalLinks.length / Math.min(2, known.size)),
      `${internalLinks.length} links to published items.`,
    ),
    check(
      'duplicate',
      5,
      duplicate && duplicate.similarity >= DUPLICATE_FROM ? 0 : 1,
      duplicate
        ? `${Math.round(duplicate.similarity * 100)} % like "${duplicate.title}".`
        : 'Like nothing that was published.',
    ),
  ];
  const weights = checks.reduce((total, one) => total + one.weight, 0);
  return {
    score: Math.round((checks.reduce((total, one) => total + one.score * one.weight, 0) * 100) / weights),
    checks,
    keywords: found,
    readability: ease,
    internalLinks,
    duplicateOf: duplicate && duplicate.similarity >= DUPLICATE_FROM ? duplicate : null,
  };
}

function check(name: SeoCheck['name'], weight: number, score: number, text: string): SeoCheck {
  return { name, weight, score, text };
}

/** 1 within, falling to 0 at half and at double. */
function within(value: number, from: number, to: number): number {
  if (value >= from && value <= to) return 1;
  return value < from ? Math.max(0, (value - from / 2) / (from / 2)) : Math.max(0, (2 * to - value) / to);
}

/** Columns in a search result: a Chinese character is as wide as two letters. */
function displayLength(text: string): number {
  return [...text].reduce(
    (total, letter) => total + (/[\p{sc=Han}\u3000-\u303f\uff00-\uff60]/u.test(letter) ? 2 : 1),
    0,
  );
}

function occurrences(words: readonly string[], wanted: readonly string[]): number {
  if (wanted.length === 0) return 0;
  let count = 0;
  for (let index = 0; index + wanted.length <= words.length; index++) {
    if (wanted.every((word, offset) => words[index + offset] === word)) count++;
  }
  return count;
}
