import { stem } from './porter';
import { STOP_WORDS } from './stop-words';

const WORDS = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts that write without spaces: pairs of characters stand for words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+/gu;
const ACCENTS = /[\u0300-\u036f]/g;
const LONGEST_WORD = 64;

/** Words as the index knows them: lower case, without accents, stemmed, without English stop words. */
export function indexWords(text: string): string[] {
  const plain = text.normalize('NFKD').replace(ACCENTS, '').normalize('NFC').toLowerCase();
  const words: string[] = [];
  for (const [run] of plain.replace(/['’]s\b/g, '').matchAll(WORDS)) {
    let rest = 0;
    for (const match of run.matchAll(UNSPACED)) {
      pushWord(words, run.slice(rest, match.index));
      words.push(...pairsOf(match[0]));
      rest = match.index + match[0].length;
    }
    pushWord(words, run.slice(rest));
  }
  return words;
}

function pushWord(words: string[], word: string): void {
  if (word !== '' && !STOP_WORDS.has(word)) words.push(stemOf(word).slice(0, LONGEST_WORD));
}

const stems = new Map<string, string>();
const REMEMBERED_STEMS = 50_000;

/** Texts repeat their words: most stems are known already. */
function stemOf(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  if (stems.size >= REMEMBERED_STEMS) stems.clear();
  const stemmed = stem(word);
  stems.set(word, stemmed);
  return stemmed;
}

function pairsOf(run: string): string[] {
  const characters = [...run];
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => `${characters[index] ?? ''}${character}`);
}
