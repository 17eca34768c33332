import { type Line, toLines } from '../../documents/layout/lines';
import { readPages } from '../../documents/reader/reader-pool';
import { DocumentBuilder, type LoadedDocument } from '../document';

/** Lines this much larger than ordinary ones are headings. */
const HEADING_SIZE = 1.2;
/** A gap of this many line heights starts a paragraph. */
const PARAGRAPH_GAP = 1;
const LIST_ITEM = /^(?:[-*•‣·]|\d{1,3}[.)])\s+\S/;

/**
 * Paragraphs and headings of a PDF by the place and size of its lines; scanned pages are recognised.
 * @throws BizError `BIZ_DOCUMENT_…`
 */
export async function loadPdf(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<LoadedDocument> {
  const { pages } = await readPages(bytes, { mediaType: 'pdf', signal });
  const lines = toLines(pages);
  const usual = median(lines.flatMap((line) => Array<number>(line.text.length).fill(line.height)));
  const builder = new DocumentBuilder();
  let title: string | undefined;
  let paragraph: Line[] = [];
  const close = (): void => {
    const [first] = paragraph;
    if (!first) return;
    const text = paragraph.map((line) => line.text).join('\n');
    const ratio = first.height / usual;
    const page = first.page + 1;
    if (ratio >= HEADING_SIZE && text.length <= 200) {
      title ??= text;
      builder.add('heading', text, { level: ratio >= 1.8 ? 1 : ratio >= 1.45 ? 2 : 3, page });
    } else builder.add(LIST_ITEM.test(text) ? 'list_item' : 'paragraph', text, { page });
    paragraph = [];
  };
  for (const line of lines) {
    const before = paragraph.at(-1);
    if (before && startsParagraph(before, line)) close();
    paragraph.push(line);
  }
  close();
  return builder.build(title);
}

function startsParagraph(before: Line, line: Line): boolean {
  const height = Math.max(before.height, line.height);
  const gap = line.y - before.y - (before.height + line.height) / 2;
  const resized = Math.abs(before.height - line.height) > 0.15 * height;
  return line.page !== before.page || gap > height * PARAGRAPH_GAP || resized || LIST_ITEM.test(line.text);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 1;
}
