import type { Page, TextItem } from './page';

/** Text that a person reads as one cell: no gap wider than a letter. */
export interface Segment {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly confidence: number;
}

export interface Line {
  readonly page: number;
  /** Centre of the line. */
  readonly y: number;
  readonly height: number;
  readonly segments: readonly Segment[];
  /** Segments from left to right, two spaces between them. */
  readonly text: string;
}

/** A gap of this many letter heights starts a new cell. */
const CELL_GAP = 0.85;
const WORD_GAP = 0.12;

function joinSegments(items: readonly TextItem[]): Segment[] {
  const segments: Segment[] = [];
  for (const item of items) {
    const last = segments.at(-1);
    const gap = last ? item.x - (last.x + last.width) : Infinity;
    if (!last || gap > Math.min(last.height, item.height) * CELL_GAP) {
      segments.push({ ...item, text: item.text.trim() });
      continue;
    }
    const space = gap > item.height * WORD_GAP && !last.text.endsWith(' ') ? ' ' : '';
    segments[segments.length - 1] = {
      text: last.text + space + item.text.trim(),
      x: last.x,
      y: Math.min(last.y, item.y),
      width: Math.max(last.x + last.width, item.x + item.width) - last.x,
      height: Math.max(last.height, item.height),
      confidence: Math.min(last.confidence, item.confidence),
    };
  }
  return segments.map((segment) => ({ ...segment, text: segment.text.replace(/\s+/g, ' ') }));
}

interface Row {
  items: TextItem[];
  top: number;
  bottom: number;
}

/** Lines of all pages from top to bottom. Items share a line when their middles overlap. */
export function toLines(pages: readonly Page[]): Line[] {
  return pages.flatMap((page, index) => {
    const rows: Row[] = [];
    for (const item of [...page.items].sort((a, b) => a.y + a.height / 2 - b.y - b.height / 2)) {
      const middle = item.y + item.height / 2;
      // Of several rows that would do, the one whose centre is nearest.
      const row = rows
        .slice(-6)
        .filter((r) => middle > r.top && middle < r.bottom && !overlapsInX(r.items, item))
        .sort(
          (a, b) => Math.abs(middle - (a.top + a.bottom) / 2) - Math.abs(middle - (b.top + b.bottom) / 2),
        )[0];
      const [top, bottom] = [middle - item.height * 0.4, middle + item.height * 0.4];
      if (row) {
        row.items.push(item);
        const count = row.items.length;
        row.top += (top - row.top) / count;
        row.bottom += (bottom - row.bottom) / count;
      } else rows.push({ items: [item], top, bottom });
    }
    return rows
      .sort((a, b) => a.top + a.bottom - b.top - b.bottom)
      .map((row) => {
        const segments = joinSegments(row.items.sort((a, b) => a.x - b.x));
        return {
          page: index,
          y: (row.top + row.bottom) / 2,
          height: (row.bottom - row.top) / 0.8,
          segments,
          text: segments.map((segment) => segment.text).join('  '),
        };
      });
  });
}

/** Two pieces above one another are two lines, however close. */
function overlapsInX(items: readonly TextItem[], item: TextItem): boolean {
  return items.some((other) => {
    const overlap = Math.min(other.x + other.width, item.x + item.width) - Math.max(other.x, item.x);
    return overlap > 0.5 * Math.min(other.width, item.width);
  });
}

export function textOf(lines: readonly Line[]): string {
  return lines.map((line) => line.text).join('\n');
}
