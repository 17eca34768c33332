import type { Block, LoadedDocument } from '../document';
import { countTokens } from './atoms';
import { splitBlock } from './split-block';

export interface ChunkingOptions {
  /** Tokens of a chunk, at most; only a single longer word exceeds it. */
  readonly maxTokens: number;
  /** Tokens that a chunk repeats of the one before it, when a paragraph had to be cut. */
  readonly overlapTokens: number;
}

export const DEFAULT_CHUNKING: ChunkingOptions = { maxTokens: 320, overlapTokens: 40 };

export interface Chunk {
  /** `document.text.slice(start, end)`. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Headings above it, outermost first; those inside it are in its text. */
  readonly headings: readonly string[];
  /** Column names, when it starts in the middle of a table. */
  readonly tableHeader?: string;
  readonly page?: number;
}

/** A block or a part of one. */
interface Piece {
  readonly block: Block;
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
  /** Repeats the end of the piece before it, so it starts a chunk. */
  readonly overlaps: boolean;
}

const HEADING_CHARACTERS = 200;

/**
 * Chunks of a document in order. They follow its structure: a heading starts a chunk unless the one before is
 * small, tables and lists are cut between rows and items, paragraphs between sentences, then between words.
 */
export function* chunkDocument(
  document: LoadedDocument,
  options: ChunkingOptions = DEFAULT_CHUNKING,
): Generator<Chunk> {
  const outline = new Outline(document.text);
  let pieces: Piece[] = [];
  let tokens = 0;
  for (const piece of piecesOf(document, options)) {
    const full = tokens + piece.tokens > options.maxTokens;
    const section = piece.block.kind === 'heading' && tokens >= options.maxTokens / 4;
    if (pieces.length > 0 && (full || section || piece.overlaps)) {
      // A heading stays with what follows it.
      const kept = piece.overlaps ? [] : trailingHeadings(pieces);
      const done = pieces.slice(0, pieces.length - kept.length);
      yield outline.chunk(done);
      pieces = kept;
      tokens = sumTokens(pieces);
    }
    pieces.push(piece);
    tokens += piece.tokens;
  }
  if (pieces.length > 0) yield outline.chunk(pieces);
}

function* piecesOf({ text, blocks }: LoadedDocument, options: ChunkingOptions): Generator<Piece> {
  for (const block of blocks) {
    const { start, end } = block;
    // A character costs at most a few tokens, so only long blocks need to be counted before they are split.
    const tokens = end - start > options.maxTokens * 40 ? Infinity : countTokens(text.slice(start, end));
    if (tokens <= options.maxTokens) yield { block, start, end, tokens, overlaps: false };
    else {
      let first = true;
      for (const part of splitBlock(text, block, options)) {
        yield { block, ...part, overlaps: !first };
        first = false;
      }
    }
  }
}

/** Headings at the end; none when there is nothing else. */
function trailingHeadings(pieces: readonly Piece[]): Piece[] {
  const last = pieces.findLastIndex(({ block }) => block.kind !== 'heading');
  return last < 0 ? [] : pieces.slice(last + 1);
}

function sumTokens(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** Knows under which headings, and in which table, the next chunk starts. */
class Outline {
  private readonly path: { level: number; text: string }[] = [];
  private tableHeader: string | undefined;

  constructor(private readonly text: string) {}

  chunk(pieces: readonly Piece[]): Chunk {
    const [first, last] = [pieces[0], pieces.at(-1)];
    if (!first || !last) throw new RangeError('A chunk needs a piece.');
    // A heading of the chunk itself closes those of its level and below.
    if (first.block.kind === 'heading') this.closeFrom(first.block.level ?? 1);
    const { start } = first;
    const { end } = last;
    const inTable = first.block.kind === 'table_row' && this.tableHeader !== undefined;
    const chunk: Chunk = {
      text: this.text.slice(start, end),
      start,
      end,
      headings: this.path.map((heading) => heading.text),
      ...(inTable ? { tableHeader: this.tableHeader } : {}),
      ...(first.block.page === undefined ? {} : { page: first.block.page }),
    };
    for (const { block } of pieces) this.pass(block);
    return chunk;
  }

  private pass(block: Block): void {
    const text = this.text.slice(block.start, Math.min(block.end, block.start + HEADING_CHARACTERS));
    if (block.kind === 'heading') {
      const level = block.level ?? 1;
      this.closeFrom(level);
      const named =
        text
          .replace(/^#+\s*|\s*#+$/g, '')
          .split('\n')[0]
          ?.trim() ?? '';
      if (this.path.at(-1)?.text !== named) this.path.push({ level, text: named });
    }
    if (block.kind === 'table_header') this.tableHeader = text;
    else if (block.kind !== 'table_row') this.tableHeader = undefined;
  }

  private closeFrom(level: number): void {
    while ((this.path.at(-1)?.level ?? 0) >= level) this.path.pop();
  }
}
