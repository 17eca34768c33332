import { XMLParser } from 'fast-xml-parser';
import { type UnzipFileInfo, unzipSync } from 'fflate';
import { z } from 'zod';
import { DocumentBuilder, type LoadedDocument } from '../document';
import { retrievalError } from '../errors';

/** Bytes of one unpacked part: a small archive can unfold into a very large one. */
const MAX_PART = 64 * 1024 * 1024;
const PARTS = new Set(['word/document.xml', 'word/styles.xml', 'docProps/core.xml']);

type Node = Record<string, unknown>;
const nodesSchema = z.array(z.record(z.string(), z.unknown()));

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  trimValues: false,
  parseTagValue: false,
  processEntities: true,
});

/**
 * Paragraphs, headings, list items and tables of a Word document, in reading order. Deleted text is left out.
 * @throws BizError `BIZ_RETRIEVAL_DOCUMENT_BROKEN`, `BIZ_RETRIEVAL_DOCUMENT_TOO_BIG`
 */
export function loadDocx(bytes: Uint8Array): LoadedDocument {
  const parts = unpack(bytes);
  const document = parts['word/document.xml'];
  if (!document) throw broken('it has no word/document.xml');
  const body = find(find(parse(document), 'w:document'), 'w:body');
  const builder = new DocumentBuilder();
  readBody(body, builder, headingLevels(parts['word/styles.xml']));
  const properties = parts['docProps/core.xml'];
  const named = properties && firstNamed(find(parse(properties), 'cp:coreProperties'), 'dc:title');
  const title = named && ownText(named);
  return builder.build(title);
}

function unpack(bytes: Uint8Array): Record<string, Uint8Array> {
  const filter = ({ name, originalSize }: UnzipFileInfo): boolean => {
    if (!PARTS.has(name)) return false;
    if (originalSize <= MAX_PART) return true;
    throw retrievalError('DOCUMENT_TOO_BIG', `The Word document unfolds into ${originalSize} bytes.`, {
      hint: 'Split it.',
    });
  };
  try {
    return unzipSync(bytes, { filter });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('BIZ_')) throw cause;
    throw broken('its archive cannot be unpacked', cause);
  }
}

function parse(part: Uint8Array): Node[] {
  try {
    return nodesSchema.parse(parser.parse(new TextDecoder().decode(part)));
  } catch (cause) {
    throw broken('its XML cannot be parsed', cause);
  }
}

function broken(why: string, cause?: unknown): Error {
  return retrievalError('DOCUMENT_BROKEN', `This is no readable Word document (DOCX): ${why}.`, {
    hint: 'Open it in a word processor and save it as .docx.',
    cause,
  });
}

/** Styles whose name or outline level makes a paragraph a heading. */
function headingLevels(styles: Uint8Array | undefined): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  if (!styles) return levels;
  for (const node of find(parse(styles), 'w:styles')) {
    if (nameOf(node) !== 'w:style') continue;
    const children = childrenOf(node);
    const id = attributeOf(node, 'w:styleId');
    const name = attributeOf(firstNamed(children, 'w:name'), 'w:val')?.toLowerCase() ?? '';
    const outline = attributeOf(firstNamed(find(children, 'w:pPr'), 'w:outlineLvl'), 'w:val');
    const named = name === 'title' ? 1 : Number(/^heading ([1-9])$/.exec(name)?.[1] ?? 0);
    const level = named > 0 ? named : outline === undefined ? 0 : Number(outline) + 1;
    if (id !== undefined && level > 0 && level < 10) levels.set(id, Math.min(level, 6));
  }
  return levels;
}

function readBody(
  nodes: readonly Node[],
  builder: DocumentBuilder,
  levels: ReadonlyMap<string, number>,
): void {
  for (const node of nodes) {
    const name = nameOf(node);
    if (name === 'w:p') readParagraph(childrenOf(node), builder, levels);
    else if (name === 'w:tbl') readTable(childrenOf(node), builder);
    else if (name === 'w:sdt') readBody(find(childrenOf(node), 'w:sdtContent'), builder, levels);
    else if (name === 'w:ins' || name === 'w:customXml') readBody(childrenOf(node), builder, levels);
  }
}

function readParagraph(
  nodes: readonly Node[],
  builder: DocumentBuilder,
  levels: ReadonlyMap<string, number>,
): void {
  const properties = find(nodes, 'w:pPr');
  const style = attributeOf(firstNamed(properties, 'w:pStyle'), 'w:val') ?? '';
  const level = levels.get(style) ?? Number(/^Heading([1-6])$/i.exec(style)?.[1] ?? 0);
  const text = textOf(nodes);
  if (level > 0) builder.add('heading', text.replace(/\s+/g, ' '), { level });
  else builder.add(firstNamed(properties, 'w:numPr') ? 'list_item' : 'paragraph', text);
}

function readTable(nodes: readonly Node[], builder: DocumentBuilder): void {
  const rows = nodes.filter((node) => nameOf(node) === 'w:tr');
  for (const [index, row] of rows.entries()) {
    const cells = childrenOf(row)
      .filter((node) => nameOf(node) === 'w:tc')
      .map((cell) => textOf(childrenOf(cell)).replace(/\s+/g, ' ').trim());
    if (cells.some((cell) => cell !== '')) {
      builder.add(index === 0 && rows.length > 1 ? 'table_header' : 'table_row', cells.join(' | '));
    }
  }
}

function textOf(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      const name = nameOf(node);
      switch (name) {
        case 'w:t':
          return ownText(node);
        case 'w:tab':
          return '\t';
        case 'w:br':
        case 'w:cr':
          return '\n';
        case 'w:pPr':
        case 'w:rPr':
        case 'w:del':
        case 'w:instrText':
        case 'mc:Fallback':
        case '#text':
          return '';
        case 'w:p':
          return `${textOf(childrenOf(node))}\n`;
        default:
          return isHidden(node) ? '' : textOf(childrenOf(node));
      }
    })
    .join('');
}

/** Runs that a reader does not see. */
function isHidden(node: Node): boolean {
  return nameOf(node) === 'w:r' && firstNamed(find(childrenOf(node), 'w:rPr'), 'w:vanish') !== undefined;
}

function ownText(node: Node): string {
  return childrenOf(node)
    .map((child) => (typeof child['#text'] === 'string' ? child['#text'] : ''))
    .join('');
}

function nameOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '';
}

function childrenOf(node: Node): Node[] {
  const children = nodesSchema.safeParse(node[nameOf(node)]);
  return children.success ? children.data : [];
}

function find(nodes: readonly Node[], name: string): Node[] {
  const node = firstNamed(nodes, name);
  return node ? childrenOf(node) : [];
}

function firstNamed(nodes: readonly Node[], name: string): Node | undefined {
  return nodes.find((node) => nameOf(node) === name);
}

function attributeOf(node: Node | undefined, name: string): string | undefined {
  const attributes = z.record(z.string(), z.unknown()).safeParse(node?.[':@']);
  const value = attributes.success ? attributes.data[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
