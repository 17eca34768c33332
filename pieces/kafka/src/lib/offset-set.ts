/** Kafka keeps this many bytes beside an offset (offset.metadata.max.bytes is 4,096). */
export const NOTE_BYTES = 4_000;

const PREFIX = 'done:';

/**
 * Offsets of one partition that are done although earlier ones are not, written as a note beside the committed
 * offset: `done:2-4,9` means 2, 3, 4 and 9 after the committed one.
 */
export class OffsetSet {
  readonly #done = new Set<string>();
  #base: bigint;

  constructor(base: string, note = '') {
    this.#base = BigInt(base);
    if (note.startsWith(PREFIX)) {
      for (const range of note.slice(PREFIX.length).split(',')) {
        const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
        if (first === undefined || last === undefined) continue;
        for (let at = Number(first); at <= Number(last); at += 1)
          this.#done.add((this.#base + BigInt(at)).toString());
      }
    }
  }

  has(offset: string): boolean {
    return BigInt(offset) < this.#base || this.#done.has(offset);
  }

  add(offset: string): void {
    if (BigInt(offset) >= this.#base) this.#done.add(offset);
  }

  /**
   * What to commit: the first offset that is not done, and the note for those after it.
   * @param present offsets that the log holds, in order; gaps of compaction and transactions count as done.
   */
  commit(present: readonly string[], next: string): { offset: string; note: string } {
    const open = present.find((offset) => !this.has(offset));
    const base = BigInt(open ?? next);
    const later = [...this.#done]
      .map(BigInt)
      .filter((offset) => offset >= base)
      .sort((a, b) => (a < b ? -1 : 1));
    return { offset: base.toString(), note: later.length === 0 ? '' : PREFIX + ranges(later, base) };
  }
}

function ranges(sorted: readonly bigint[], base: bigint): string {
  const parts: [bigint, bigint][] = [];
  for (const offset of sorted) {
    const last = parts.at(-1);
    if (last && last[1] + 1n === offset) last[1] = offset;
    else parts.push([offset, offset]);
  }
  return parts
    .map(([first, last]) => (first === last ? `${first - base}` : `${first - base}-${last - base}`))
    .join(',');
}
