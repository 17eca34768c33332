import { type Atom, atomsOf } from './atoms';

interface Part {
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
}

/** Parts of a range that is too long for one chunk; each repeats the end of the one before it. */
export function* splitBlock(
  text: string,
  { start, end }: { start: number; end: number },
  { maxTokens, overlapTokens }: { maxTokens: number; overlapTokens: number },
): Generator<Part> {
  let window: Atom[] = [];
  let tokens = 0;
  /** Atoms at the front of the window that an earlier part holds already. */
  let repeated = 0;
  for (const atom of atomsOf(text, start, end)) {
    while (window.length > 0 && tokens + atom.tokens > maxTokens) {
      if (window.length === repeated) [window, repeated] = [[], 0];
      else {
        const cut = bestCut(window, repeated, maxTokens);
        yield partOf(window.slice(0, cut));
        const from = overlapStart(window, cut, overlapTokens);
        repeated = cut - from;
        window = window.slice(from);
      }
      tokens = sumTokens(window);
    }
    window.push(atom);
    tokens += atom.tokens;
  }
  if (window.length > repeated) yield partOf(window);
}

/** Number of atoms of the next part: up to the last good stop in its second half, otherwise all. */
function bestCut(window: readonly Atom[], repeated: number, maxTokens: number): number {
  let best = window.length;
  let bestStop = window.at(-1)?.stop ?? 0;
  let tokens = sumTokens(window);
  for (let count = window.length - 1; count > repeated; count -= 1) {
    tokens -= window[count]?.tokens ?? 0;
    if (tokens < maxTokens / 2) break;
    const stop = window[count - 1]?.stop ?? 0;
    if (stop > bestStop) [best, bestStop] = [count, stop];
  }
  return best;
}

/** Index of the first repeated atom: a sentence's first word where one starts in reach. */
function overlapStart(window: readonly Atom[], cut: number, overlapTokens: number): number {
  let [start, sentence] = [cut, cut];
  let tokens = 0;
  for (let index = cut - 1; index > 0; index -= 1) {
    tokens += window[index]?.tokens ?? 0;
    if (tokens > overlapTokens) break;
    start = index;
    if ((window[index - 1]?.stop ?? 0) >= 2) sentence = index;
  }
  return sentence < cut ? sentence : start;
}

function partOf(atoms: readonly Atom[]): Part {
  return { start: atoms[0]?.start ?? 0, end: atoms.at(-1)?.end ?? 0, tokens: sumTokens(atoms) };
}

function sumTokens(atoms: readonly Atom[]): number {
  return atoms.reduce((sum, { tokens }) => sum + tokens, 0);
}
