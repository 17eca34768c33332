import type { Picture } from './image';
import type { Character } from './recognize';

/** Columns without ink: start and end (exclusive) in pixels. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** Empty columns of a picture of one line. */
export function blankRuns({ data, width, height }: Picture): Run[] {
  const [top, bottom] = [1, height - 1];
  const histogram = new Uint32Array(256);
  const grey = (x: number, y: number): number => {
    const at = (y * width + x) * 3;
    return ((data[at] ?? 0) * 3 + (data[at + 1] ?? 0) * 6 + (data[at + 2] ?? 0)) / 10;
  };
  for (let y = top; y < bottom; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const level = Math.min(255, Math.round(grey(x, y)));
      histogram[level] = (histogram[level] ?? 0) + 1;
    }
  }
  const percentile = (share: number): number => {
    let rest = share * width * (bottom - top);
    for (let level = 0; level < 256; level += 1) {
      rest -= histogram[level] ?? 0;
      if (rest <= 0) return level;
    }
    return 255;
  };
  const [dark, light] = [percentile(0.03), percentile(0.75)];
  // White letters on black: the paper is what most pixels are.
  const threshold = light - (light - dark) * 0.4;
  const runs: Run[] = [];
  let from = -1;
  for (let x = 0; x <= width; x += 1) {
    let ink = x === width ? 2 : 0;
    for (let y = top; y < bottom && ink < 2; y += 1) if (grey(x, y) < threshold) ink += 1;
    const blank = ink < 2;
    if (blank && from < 0) from = x;
    if (!blank && from >= 0) {
      runs.push({ from, to: x });
      from = -1;
    }
  }
  return runs;
}

export interface SpaceEvidence {
  readonly characters: readonly Character[];
  readonly runs: readonly Run[];
  /** Pixels a column of the recogniser. */
  readonly step: number;
  readonly spaceProbability: (column: number) => number;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * Where a space stands between neighbouring letters. The recogniser was trained on Chinese and often leaves
 * spaces out; what it nearly saw and the white between the letters say where they are.
 */
export function spacesBetween({ characters, runs, step, spaceProbability }: SpaceEvidence): boolean[] {
  const letters = characters.filter((c) => c.text.trim() !== '');
  const whites: number[] = [];
  const seen: boolean[] = [];
  const likely: number[] = [];
  for (let i = 1; i < letters.length; i += 1) {
    const [left, right] = [letters[i - 1], letters[i]];
    if (!left || !right) continue;
    const [a, b] = [(left.from + 0.5) * step, (right.to + 0.5) * step];
    whites.push(Math.max(0, ...runs.map((run) => Math.min(run.to, b) - Math.max(run.from, a))));
    seen.push(characters.some((c) => c.text.trim() === '' && c.from > left.to && c.from <= right.from));
    let probability = 0;
    for (let column = left.to; column <= right.from; column += 1) {
      probability = Math.max(probability, spaceProbability(column));
    }
    likely.push(probability);
  }
  const usual = median(whites);
  const wide = Math.max(9, usual * 2.1);
  return whites.map((white, i) => {
    const pair = (letters[i]?.text ?? '') + (letters[i + 1]?.text ?? '');
    if (seen[i]) return true;
    // Thin characters stand in white of their own, points beside figures most of all.
    const thin = pair.replace(/[^1lIi.,:;'|!\-/()]/g, '').length;
    const figures = /^[\d.,:/-]{2}$/.test(pair);
    const limit = wide * (1 + 0.35 * thin) * (figures ? 1.3 : 1);
    return white > limit || ((likely[i] ?? 0) > 0.15 && white > Math.max(6, usual * 1.3) * (1 + 0.25 * thin));
  });
}
