import { z } from 'zod';
import { textSchema } from '../text';
import { levelOf, numberOf, type Row } from './cells';
import { quantile } from './math';

/** Columns of one model; more would make neither a better nor a readable one. */
export const COLUMNS_MAX = 200;

/** Bins of a histogram fit into a byte, with one to spare for missing values. */
const CUTS_MAX = 200;
const LEVELS_MAX = 60;
const KNOT_SHARES = [0.2, 0.4, 0.6, 0.8];
/** Values outside these quantiles count as the quantile: one typing error must not bend a slope. */
const CLIP_SHARES = [0.005, 0.995] as const;

/** A column of the history that the model may look at. */
export const columnSchema = z.strictObject({
  name: z.string().min(1).max(200),
  kind: z.enum(['numeric', 'categorical']),
  /** Where a lead keeps it, for example `source` or `attributes.visits`; by the column's name unless told. */
  field: z.string().min(1).max(220).optional(),
  /** What people call it; the column's name unless told. */
  label: textSchema.optional(),
});
export type Column = z.infer<typeof columnSchema>;

const finite = z.number();
const numericSchema = columnSchema.extend({
  kind: z.literal('numeric'),
  median: finite,
  low: finite,
  high: finite,
  /** Where the slope of the logistic model may change. */
  knots: z.array(finite).max(KNOT_SHARES.length),
  /** Least standard deviation is above 0: constant columns are left out. */
  scale: finite.positive(),
  /** Ascending borders of the histogram's bins. */
  cuts: z.array(finite).max(CUTS_MAX),
});
const categoricalSchema = columnSchema.extend({
  kind: z.literal('categorical'),
  /** Values that are frequent enough to stand for themselves. */
  levels: z.array(z.string()).max(LEVELS_MAX),
});

export const encodedColumnSchema = z.discriminatedUnion('kind', [numericSchema, categoricalSchema]);
export type EncodedColumn = z.infer<typeof encodedColumnSchema>;
export type NumericColumn = z.infer<typeof numericSchema>;

/** Learns from the rows how to turn each column into numbers. Columns with nothing to say are left out. */
export function fitColumns(rows: readonly Row[], columns: readonly Column[], minLevelCount: number) {
  return columns
    .map((column) =>
      column.kind === 'numeric' ? fitNumeric(rows, column) : fitCategorical(rows, column, minLevelCount),
    )
    .filter((column) => column !== undefined);
}

/** A row as numbers: a numeric value or NaN, or the code of a level. */
export function encodeRow(row: Row, columns: readonly EncodedColumn[]): Float64Array {
  return Float64Array.from(columns, (column) =>
    column.kind === 'numeric' ? numberOf(row, column.name) : codeOf(levelOf(row, column.name), column.levels),
  );
}

/** Codes of a categorical column: its levels, then "rare or unseen", then "missing". */
export function codeCount(levels: readonly string[]): number {
  return levels.length + 2;
}

/** How many features of the logistic model a column becomes: slopes and "missing", or one per code. */
export function widthOf(column: EncodedColumn): number {
  return column.kind === 'numeric' ? column.knots.length + 2 : codeCount(column.levels);
}

export function widthOfAll(columns: readonly EncodedColumn[]): number {
  return columns.reduce((total, column) => total + widthOf(column), 0);
}

function codeOf(level: string | undefined, levels: readonly string[]): number {
  if (level === undefined) return levels.length + 1;
  const at = levels.indexOf(level);
  return at < 0 ? levels.length : at;
}

function fitNumeric(rows: readonly Row[], column: Column): NumericColumn | undefined {
  const sorted = Float64Array.from(rows, (row) => numberOf(row, column.name))
    .filter((value) => !Number.isNaN(value))
    .sort();
  const distinct = Float64Array.from(new Set(sorted));
  if (distinct.length < 2) return undefined;
  const clipped = sorted.map((value) =>
    Math.max(quantile(sorted, CLIP_SHARES[0]), Math.min(quantile(sorted, CLIP_SHARES[1]), value)),
  );
  const [low, high] = [clipped[0] ?? 0, clipped[clipped.length - 1] ?? 0];
  const used = low < high ? clipped : sorted;
  const mean = used.reduce((total, value) => total + value, 0) / used.length;
  const variance = used.reduce((total, value) => total + (value - mean) ** 2, 0) / used.length;
  const knots = new Set(KNOT_SHARES.map((share) => quantile(sorted, share)));
  return {
    ...column,
    kind: 'numeric',
    median: quantile(sorted, 0.5),
    low: used[0] ?? 0,
    high: used[used.length - 1] ?? 0,
    knots: [...knots].filter((knot) => knot > low && knot < high),
    scale: Math.sqrt(variance),
    cuts: cutsOf(sorted, distinct),
  };
}

/** Borders halfway between neighbouring values: all of them when few, else at quantiles. */
function cutsOf(sorted: Float64Array, distinct: Float64Array): number[] {
  const middle = (at: number) => ((distinct[at] ?? 0) + (distinct[at + 1] ?? 0)) / 2;
  if (distinct.length <= CUTS_MAX) return Array.from({ length: distinct.length - 1 }, (_, at) => middle(at));
  const quantiles = Array.from({ length: CUTS_MAX }, (_, at) => quantile(sorted, (at + 1) / (CUTS_MAX + 1)));
  return [...new Set(quantiles)].filter((cut) => cut > (sorted[0] ?? 0));
}

function fitCategorical(rows: readonly Row[], column: Column, minLevelCount: number) {
  const counts = new Map<string | undefined, number>();
  for (const row of rows) {
    const level = levelOf(row, column.name);
    counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  if (counts.size < 2) return undefined;
  const levels = [...counts]
    .flatMap(([level, count]) => (level === undefined || count < minLevelCount ? [] : [{ level, count }]))
    .sort((a, b) => b.count - a.count || (a.level < b.level ? -1 : 1))
    .slice(0, LEVELS_MAX)
    .map(({ level }) => level);
  const grouped = new Set(
    [...counts.keys()].map((level) => (level === undefined || levels.includes(level) ? level : null)),
  );
  return grouped.size < 2 ? undefined : { ...column, kind: 'categorical' as const, levels };
}
