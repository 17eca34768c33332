import { indexWords } from './words';

/** A sparse vector: `values[i]` belongs to the word with the number `indices[i]`. */
export interface SparseVector {
  readonly indices: number[];
  readonly values: number[];
}

/** Part of the fingerprint of an indexed source: another encoding makes its chunks anew. */
export const SPARSE_VERSION = 1;

/** How soon further occurrences of a word stop to count. */
const K1 = 1.2;
/** How much long chunks are held back. */
const B = 0.75;
/** Index words of an ordinary chunk. Fixed, so that a chunk's vector depends on nothing but the chunk. */
const AVERAGE_LENGTH = 120;

/** BM25 weights of a chunk without the rarity of a word: the server counts that (modifier `idf`). */
export function documentVector(text: string): SparseVector {
  const words = indexWords(text);
  const norm = K1 * (1 - B + (B * words.length) / AVERAGE_LENGTH);
  return toVector(words, (count) => (count * (K1 + 1)) / (count + norm));
}

/** The words of a search; one that is repeated counts more. */
export function queryVector(text: string): SparseVector {
  return toVector(indexWords(text), (count) => count);
}

function toVector(words: readonly string[], weigh: (count: number) => number): SparseVector {
  const counts = new Map<number, number>();
  for (const word of words) {
    const number = wordNumber(word);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  const entries = [...counts].sort(([a], [b]) => a - b);
  return { indices: entries.map(([number]) => number), values: entries.map(([, count]) => weigh(count)) };
}

/** FNV-1a over UTF-16, mixed: a number of 32 bits that is the same everywhere and for ever. */
function wordNumber(word: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < word.length; index += 1) {
    hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
