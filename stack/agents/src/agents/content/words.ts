/** Words in lower case; each Chinese character counts as one. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/\p{sc=Han}|[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu)
      ?.map((word) => word.replace(/['’-]s?$/, '')) ?? []
  );
}

/** Text of Markdown without its marks. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/```[\s\S]*?```/g, ' ')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s{0,3}(?:#{1,6}|>|[-*+]|\d+\.)\s+/gm, '')
    .replace(/[*_`~]/g, '');
}

/** Runs of `size` words. */
export function shingles(text: string, size: number): Set<string> {
  const words = wordsOf(text);
  const found = new Set<string>();
  for (let index = 0; index + size <= words.length; index++)
    found.add(words.slice(index, index + size).join(' '));
  return found;
}

/** Part of all runs of words that both texts have, 0–1. */
export function similarity(left: string, right: string, size = 3): number {
  const one = shingles(left, size);
  const other = shingles(right, size);
  if (one.size === 0 || other.size === 0) return wordsOf(left).join(' ') === wordsOf(right).join(' ') ? 1 : 0;
  let common = 0;
  for (const shingle of one) if (other.has(shingle)) common++;
  return common / (one.size + other.size - common);
}
