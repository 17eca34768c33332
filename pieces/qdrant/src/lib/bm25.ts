/** A sparse vector: `values[i]` belongs to the word with the number `indices[i]`. */
export interface SparseVector {
  indices: number[];
  values: number[];
}

/** How soon further occurrences of a word stop to count. */
const K1 = 1.2;
/** How much long texts are held back. */
const B = 0.75;
/** Words of a text of ordinary length. */
const AVERAGE_LENGTH = 256;
const LONGEST_WORD = 64;

const WORDS = /[\p{L}\p{N}]+/gu;
/** Scripts that write without spaces: pairs of characters stand for words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+/gu;

/**
 * The weights of the words of a stored text, as BM25 has them without the rarity of a word: that is counted by the
 * server (modifier `idf` of the sparse vector). Empty for a text without words.
 */
export function documentVector(text: string): SparseVector {
  const words = wordsOf(text);
  const norm = K1 * (1 - B + (B * words.length) / AVERAGE_LENGTH);
  return toVector(countsOf(words), (count) => (count * (K1 + 1)) / (count + norm));
}

/** The words of a search, each once. */
export function queryVector(text: string): SparseVector {
  return toVector(countsOf(wordsOf(text)), () => 1);
}

/** Words in lower case; compatible forms of a character count as one. */
export function wordsOf(text: string): string[] {
  return (text.normalize('NFKC').toLowerCase().match(WORDS) ?? []).flatMap((run) => {
    const spaced = run.split(UNSPACED).filter((part) => part !== '');
    return [
      ...spaced.map((word) => word.slice(0, LONGEST_WORD)),
      ...(run.match(UNSPACED) ?? []).flatMap(pairsOf),
    ];
  });
}

function pairsOf(run: string): string[] {
  const characters = [...run];
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => `${characters[index] ?? ''}${character}`);
}

function countsOf(words: readonly string[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const word of words) {
    const number = numberOf(word);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

function toVector(counts: ReadonlyMap<number, number>, weigh: (count: number) => number): SparseVector {
  const entries = [...counts].sort(([a], [b]) => a - b);
  return { indices: entries.map(([number]) => number), values: entries.map(([, count]) => weigh(count)) };
}

/** FNV-1a over UTF-16, mixed: a number of 32 bits that is the same everywhere and for ever. */
function numberOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < word.length; index += 1) {
    hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
