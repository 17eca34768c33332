export type BlockKind = 'heading' | 'paragraph' | 'list_item' | 'table_header' | 'table_row' | 'code';

/** A structural unit of a text. Offsets count UTF-16 code units, end exclusive. */
export interface Block {
  readonly kind: BlockKind;
  readonly start: number;
  readonly end: number;
  /** 1–6, headings only. */
  readonly level?: number;
  /** From 1, where the format has pages. */
  readonly page?: number;
}

/** What a loader makes of a file. Every character but white space belongs to exactly one block, in order. */
export interface LoadedDocument {
  /** Citations point into this text. For plain text and Markdown it is the file itself. */
  readonly text: string;
  /** The document's own title, when it has one. */
  readonly title?: string;
  readonly blocks: readonly Block[];
}

/** Builds text and blocks side by side, for formats whose text is not the file itself. */
export class DocumentBuilder {
  private readonly parts: string[] = [];
  private readonly blocks: Block[] = [];
  private length = 0;

  /** Appends a block; blank text is left out. Rows and items of one table or list stand on lines of their own. */
  add(kind: BlockKind, text: string, more: { level?: number; page?: number } = {}): void {
    const trimmed = text.trim();
    if (trimmed === '') return;
    const before = this.blocks.at(-1);
    if (before) this.append(joins(before.kind, kind) ? '\n' : '\n\n');
    const start = this.length;
    this.append(trimmed);
    this.blocks.push({ kind, start, end: this.length, ...more });
  }

  /** Characters so far. */
  get size(): number {
    return this.length;
  }

  build(title?: string): LoadedDocument {
    const named = title?.trim().replace(/\s+/g, ' ');
    return { text: this.parts.join(''), blocks: this.blocks, ...(named ? { title: named } : {}) };
  }

  private append(text: string): void {
    this.parts.push(text);
    this.length += text.length;
  }
}

function joins(before: BlockKind, kind: BlockKind): boolean {
  if (kind === 'table_row') return before === 'table_header' || before === 'table_row';
  return kind === 'list_item' && before === 'list_item';
}

/** Trims blocks, drops blank ones, and makes paragraphs of text that no block holds. Blocks must be in order. */
export function coverText(text: string, blocks: readonly Block[]): Block[] {
  const covered: Block[] = [];
  let at = 0;
  const fill = (until: number): void => {
    const gap = trimRange(text, at, until);
    if (gap) covered.push({ kind: 'paragraph', ...gap });
  };
  for (const block of blocks) {
    fill(block.start);
    const range = trimRange(text, Math.max(at, block.start), block.end);
    if (range) covered.push({ ...block, ...range });
    at = Math.max(at, block.end);
  }
  fill(text.length);
  return covered;
}

const SPACE = /\s/;

/** The range without white space at its ends; undefined when nothing is left. */
export function trimRange(
  text: string,
  from: number,
  until: number,
): { start: number; end: number } | undefined {
  let [start, end] = [from, until];
  while (start < end && SPACE.test(text.charAt(start))) start += 1;
  while (end > start && SPACE.test(text.charAt(end - 1))) end -= 1;
  return start < end ? { start, end } : undefined;
}
