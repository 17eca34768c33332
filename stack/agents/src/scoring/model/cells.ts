import { z } from 'zod';

/** One value of a column; blank and missing are the same. */
export const cellSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Cell = z.infer<typeof cellSchema>;

/** One closed lead, or one to score: column name to value. */
export type Row = Readonly<Record<string, Cell | undefined>>;

/** What spreadsheets, databases and data frames write for "nothing". */
const MISSING = new Set(['', 'null', 'nan', 'n/a', 'none', 'undefined', '-']);

const LEVEL_LENGTH_MAX = 200;

/** The value as text, trimmed; undefined when missing. */
export function levelOf(row: Row, column: string): string | undefined {
  const cell = Object.hasOwn(row, column) ? row[column] : undefined;
  if (cell === undefined || cell === null) return undefined;
  const text = String(cell).trim();
  return MISSING.has(text.toLowerCase()) ? undefined : text.slice(0, LEVEL_LENGTH_MAX);
}

/** The value as a number; NaN when missing or when not all of it is a number. */
export function numberOf(row: Row, column: string): number {
  const text = levelOf(row, column);
  if (text === undefined) return NaN;
  if (text === 'true') return 1;
  if (text === 'false') return 0;
  const parsed = Number(text);
  return Number.isFinite(parsed) ? parsed : NaN;
}

const WON = new Set(['1', 'true', 'yes', 'y', 'won', 'converted', 'success', '是', '赢单', '成交']);
const LOST = new Set(['0', 'false', 'no', 'n', 'lost', 'not converted', 'failure', '否', '输单', '未成交']);

/** Whether a value of the outcome column says that the deal was won; undefined when it says neither. */
export function outcomeOf(cell: Cell | undefined): boolean | undefined {
  if (cell === undefined || cell === null) return undefined;
  const number = typeof cell === 'string' ? Number(cell.trim() || NaN) : NaN;
  const text = Number.isNaN(number) ? String(cell).trim().toLowerCase() : String(number);
  if (WON.has(text)) return true;
  return LOST.has(text) ? false : undefined;
}
