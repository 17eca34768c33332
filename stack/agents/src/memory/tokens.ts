/** Tokens of a text, estimated: four characters of Latin script each, one of Chinese, Japanese or Korean. */
export function estimateTokens(text: string): number {
  const dense = text.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/gu)?.length ?? 0;
  return dense + Math.ceil((text.length - dense) / 4);
}
