import MarkdownIt from 'markdown-it';
import type { Block, BlockKind, LoadedDocument } from '../document';

const markdown = new MarkdownIt('default', { html: true, linkify: false, typographer: false });

const KINDS: ReadonlyMap<string, BlockKind> = new Map([
  ['heading_open', 'heading'],
  ['paragraph_open', 'paragraph'],
  ['fence', 'code'],
  ['code_block', 'code'],
  ['html_block', 'paragraph'],
]);

/** Markdown with its marks, so that offsets count in the file itself. Front matter gives the title, else the first heading. */
export function loadMarkdown(text: string): LoadedDocument {
  const lines = lineStarts(text);
  const at = (line: number): number => lines[line] ?? text.length;
  const front = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(text);
  // The parser sees empty lines instead, so that its line numbers stay true.
  const body = front ? front[0].replace(/[^\n]/g, '') + text.slice(front[0].length) : text;
  const blocks: Block[] = [];
  const tokens = markdown.parse(body, {});
  let [listDepth, inHead] = [0, false];
  let heading: string | undefined;
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'list_item_open') listDepth += 1;
    if (token.type === 'list_item_close') listDepth -= 1;
    if (token.type === 'thead_open') inHead = true;
    if (token.type === 'thead_close') inHead = false;
    if (!token.map) continue;
    const [start, end] = [at(token.map[0]), at(token.map[1])];
    const kind = token.type === 'tr_open' ? (inHead ? 'table_header' : 'table_row') : KINDS.get(token.type);
    if (!kind || start >= end || start < (blocks.at(-1)?.end ?? 0)) continue;
    if (kind === 'heading') {
      heading ??= tokens[index + 1]?.content;
      blocks.push({ kind, start, end, level: Number(token.tag.slice(1)) });
    } else if (kind === 'table_header') {
      // The line of dashes belongs to the header.
      blocks.push({ kind, start, end: at(token.map[1] + 1) });
    } else blocks.push({ kind: listDepth > 0 && kind === 'paragraph' ? 'list_item' : kind, start, end });
  }
  const title = /^title:[^\S\n]*(["']?)(.+?)\1[^\S\n]*$/m.exec(front?.[1] ?? '')?.[2] ?? heading;
  return { text, blocks, ...(title ? { title: title.trim() } : {}) };
}

/** Offsets at which lines start, as the parser counts lines: \n, \r\n or \r. */
function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\r\n|\n|\r/g)].map((match) => match.index + match[0].length)];
}
