import { plainText, wordsOf } from './words';

export interface Readability {
  /** 0 (hard) – 100 (easy): Flesch reading ease, and for Chinese by the length of sentences. */
  score: number;
  wordsPerSentence: number;
  language: 'latin' | 'chinese';
}

export function readability(markdown: string): Readability {
  const text = plainText(markdown);
  const words = wordsOf(text);
  const sentences = text
    .split(/[.!?。！？]+(?:\s|$|(?=\p{L}))|\n{2,}/u)
    .filter((part) => /[\p{L}\p{N}]/u.test(part));
  const perSentence = words.length / Math.max(1, sentences.length);
  const han = text.match(/\p{sc=Han}/gu)?.length ?? 0;
  if (han > words.length / 2) {
    // 20 characters a sentence read easily, 60 hardly.
    return {
      score: clamp(100 - (perSentence - 20) * 2.5),
      wordsPerSentence: perSentence,
      language: 'chinese',
    };
  }
  const syllables = words.reduce((total, word) => total + syllablesOf(word), 0);
  const ease = 206.835 - 1.015 * perSentence - 84.6 * (syllables / Math.max(1, words.length));
  return { score: clamp(ease), wordsPerSentence: perSentence, language: 'latin' };
}

function syllablesOf(word: string): number {
  const groups = word
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/(?<=[^aeiouy])e$/, '')
    .match(/[aeiouy]+/g);
  return Math.max(1, groups?.length ?? 1);
}

function clamp(value: number): number {
  return Math.round(Math.max(0, Math.min(100, value)));
}
