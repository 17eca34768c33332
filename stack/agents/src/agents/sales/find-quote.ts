/** Where a quote stands in a text, when only blanks, quotation marks, case and dashes differ; null when nowhere. */
export function findQuote(text: string, quote: string): { start: number; end: number } | null {
  const folded = fold(text);
  const wanted = fold(quote).text;
  if (wanted === '') return null;
  const at = folded.text.indexOf(wanted);
  const start = folded.places[at];
  const last = folded.places[at + wanted.length - 1];
  return at < 0 || start === undefined || last === undefined ? null : { start, end: last + 1 };
}

/** Letters and digits only, each with where it stood. */
function fold(text: string): { text: string; places: number[] } {
  let folded = '';
  const places: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const unit = text[index] ?? '';
    if (!/[\p{L}\p{N}\uD800-\uDFFF]/u.test(unit)) continue;
    const lower = unit.toLowerCase();
    folded += lower;
    for (let count = 0; count < lower.length; count++) places.push(index);
  }
  return { text: folded, places };
}
