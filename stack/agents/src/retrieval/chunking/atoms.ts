/** The smallest thing that a chunk may end after: a word with its punctuation. */
export interface Atom {
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
  /** How good a place to cut is behind it: 3 a paragraph or line ends, 2 a sentence, 1 a clause, 0 a word. */
  readonly stop: 0 | 1 | 2 | 3;
}

/** Longer runs without a space (keys, encoded files) are no words and are cut. */
export const LONGEST_WORD = 1000;

/** Scripts that write without spaces. */
const UNSPACED_CLASS =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const RUN = /\S+/gu;
const PART = new RegExp(`(?:[${UNSPACED_CLASS}]\\p{M}*)+|[^${UNSPACED_CLASS}]+`, 'gu');
const UNSPACED = new RegExp(`^[${UNSPACED_CLASS}]`, 'u');
const OPENING = /^[\p{Ps}\p{Pi}]+$/u;
const SENTENCE_END = /[.!?…。！？]["'”’»)\]）」』]*$/u;
const CLAUSE_END = /[,;:，；：、]["'”’»)\]）」』]*$/u;

const words = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Words of a range, in order. Together they hold every character of it but the white space between them. */
export function* atomsOf(text: string, from: number, until: number): Generator<Atom> {
  const run = new RegExp(RUN);
  run.lastIndex = from;
  for (let match = run.exec(text); match && match.index < until; match = run.exec(text)) {
    const start = match.index;
    const end = Math.min(until, start + match[0].length);
    const next = text.indexOf('\n', end);
    const lineEnds = next >= 0 && next < until && text.slice(end, next).trim() === '';
    const ranges = [...partsOf(text.slice(start, end))];
    for (const [index, [low, high]] of ranges.entries()) {
      const piece = text.slice(start + low, start + high);
      const last = index === ranges.length - 1;
      yield {
        start: start + low,
        end: start + high,
        tokens: countTokens(piece),
        stop: last && lineEnds ? 3 : stopOf(piece, last),
      };
    }
  }
}

function stopOf(piece: string, last: boolean): 0 | 1 | 2 {
  // A full stop inside a run belongs to a number or a name; an ideographic one ends a sentence anywhere.
  if (SENTENCE_END.test(piece) && (last || /[。！？]/u.test(piece))) return 2;
  return CLAUSE_END.test(piece) && (last || /[，；：、]/u.test(piece)) ? 1 : 0;
}

/** Ranges within a run without spaces: between scripts without spaces, and words of those. */
function* partsOf(run: string): Generator<[number, number]> {
  let held: [number, number] | undefined;
  for (const { index, 0: part } of run.matchAll(PART)) {
    if (!UNSPACED.test(part)) {
      // Closing punctuation stays with the word before it, an opening bracket goes with the word after it.
      const lead = /^[\p{P}\p{S}\p{M}]+/u.exec(part)?.[0].replace(/[\p{Ps}\p{Pi}]+$/u, '').length ?? 0;
      if (held && lead > 0) {
        held = [held[0], index + lead];
        if (lead === part.length) continue;
      }
      const start = held && lead > 0 ? index + lead : index;
      if (held && OPENING.test(run.slice(...held))) held = [held[0], index + part.length];
      else {
        if (held) yield* limited(run, held);
        held = [start, index + part.length];
      }
      continue;
    }
    for (const { index: at, segment } of words.segment(part)) {
      const range: [number, number] = [index + at, index + at + segment.length];
      if (held && OPENING.test(run.slice(...held))) held = [held[0], range[1]];
      else {
        if (held) yield* limited(run, held);
        held = range;
      }
    }
  }
  if (held) yield* limited(run, held);
}

function* limited(run: string, [start, end]: [number, number]): Generator<[number, number]> {
  let at = start;
  while (end - at > LONGEST_WORD) {
    let cut = at + LONGEST_WORD;
    // Not between the halves of a character, nor before an accent or a joiner.
    while (cut > at + 1 && joinsBefore(run, cut)) cut -= 1;
    yield [at, cut];
    at = cut;
  }
  yield [at, end];
}

function joinsBefore(text: string, cut: number): boolean {
  const code = text.charCodeAt(cut);
  if (code >= 0xdc00 && code <= 0xdfff) return true;
  return /^[\p{M}\u200d]/u.test(text.slice(cut, cut + 2)) || text.charAt(cut - 1) === '\u200d';
}

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** Tokens of a text as word-piece models count them, estimated on the high side. */
export function countTokens(text: string): number {
  let [tokens, letters] = [0, 0];
  const endWord = (): void => {
    if (letters > 0) tokens += 1 + Math.floor((letters - 1) / 6);
    letters = 0;
  };
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) letters += 1;
    else if (code >= 48 && code <= 57) letters += 2;
    else if (code <= 32) endWord();
    else if (code < 128) {
      endWord();
      tokens += 1;
    } else if (code >= 0x2e80 && CJK.test(text.charAt(index))) {
      endWord();
      tokens += 1;
    } else letters += 2;
  }
  endWord();
  return tokens;
}
