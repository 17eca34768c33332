import { plainText, similarity, wordsOf } from './words';

export interface Variant {
  title: string;
  metaDescription: string;
  body: string;
}

export interface VariantPair {
  /** Places in the list, from 0. */
  pair: [number, number];
  /** Shared runs of three words of the bodies, 0–1. */
  body: number;
  /** Shared words of the titles, 0–1. */
  title: number;
  /** Shared runs of three words of the openings, 0–1. */
  opening: number;
  differs: boolean;
}

const BODY_MAX = 0.25;
const TITLE_MAX = 0.7;
const OPENING_MAX = 0.4;
const OPENING_WORDS = 40;

/** How far variants of a text differ. A variant has other words, another title and another opening. */
export function compareVariants(variants: readonly Variant[]): VariantPair[] {
  const pairs: VariantPair[] = [];
  variants.forEach((left, first) => {
    variants.slice(first + 1).forEach((right, offset) => {
      const body = similarity(plainText(left.body), plainText(right.body));
      const title = similarity(left.title, right.title, 1);
      const opening = similarity(openingOf(left.body), openingOf(right.body));
      const differs = body <= BODY_MAX && title <= TITLE_MAX && opening <= OPENING_MAX;
      pairs.push({ pair: [first, first + 1 + offset], body, title, opening, differs });
    });
  });
  return pairs;
}

function openingOf(body: string): string {
  return wordsOf(plainText(body)).slice(0, OPENING_WORDS).join(' ');
}
