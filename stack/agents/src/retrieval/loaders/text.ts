import type { Block, LoadedDocument } from '../document';

const LIST_ITEM = /^\s*(?:[-*•‣·]|\d{1,3}[.)])\s+\S/;

/** Plain text: paragraphs between empty lines; lines that start like list items stand alone. */
export function loadText(text: string): LoadedDocument {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end);
    const blank = line.trim() === '';
    const item = LIST_ITEM.test(line);
    if (open && (blank || item)) {
      blocks.push(open);
      open = undefined;
    }
    if (!blank) open = open ? { ...open, end } : { kind: item ? 'list_item' : 'paragraph', start: at, end };
    at = end + 1;
  }
  if (open) blocks.push(open);
  return { text, blocks };
}
