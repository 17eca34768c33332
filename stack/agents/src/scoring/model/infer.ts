import { normalise } from '../lead-fields';
import { levelOf, numberOf, type Row } from './cells';
import { type Column, COLUMNS_MAX } from './encoder';
import { countUpTo, quantile } from './math';
import { areaUnderCurve } from './metrics';
import type { TrainingExample } from './train';

/** Alone nearly perfect: such a column was most likely filled in after the outcome. */
const LEAK_AUC = 0.95;
/** Filled for at most this share of one outcome … */
const FILLED_RARELY = 0.02;
/** … and at least this share of the other. */
const FILLED_OFTEN = 0.2;
/** A column of which this share of values is unique names the lead, or is free text. */
const UNIQUE_SHARE = 0.95;
const UNIQUE_ROWS = 20;
const NUMERIC_SHARE = 0.98;
const BINS = 20;
const SMOOTHING = 5;

export interface InferOptions {
  /** Columns to leave alone; `*` at the end stands for anything. */
  readonly exclude?: readonly string[];
}

export interface ExcludedColumn {
  readonly column: string;
  readonly reason: 'asked' | 'identifier' | 'free_text' | 'constant' | 'too_many_columns';
}

export interface LeakWarning {
  readonly column: string;
  readonly kind: 'predicts_alone' | 'filled_for_one_outcome';
  readonly text: { readonly en: string; readonly zh: string };
}

export interface InferredColumns {
  readonly columns: Column[];
  readonly excluded: ExcludedColumn[];
  /** Columns that are kept, but look as if they were filled in after the outcome. Exclude them if so. */
  readonly warnings: LeakWarning[];
}

/** Proposes the columns of a history that a model can learn from, and says which it would not trust. */
export function inferColumns(
  examples: readonly TrainingExample[],
  options: InferOptions = {},
): InferredColumns {
  const rows = examples.map((example) => example.row);
  const won = Float64Array.from(examples, (example) => Number(example.won));
  const excluded: ExcludedColumn[] = [];
  const columns: Column[] = [];
  const warnings: LeakWarning[] = [];
  const asked = (options.exclude ?? []).map(matcher);
  for (const name of new Set(rows.flatMap((row) => Object.keys(row)))) {
    const reason = asked.some((matches) => matches(name))
      ? 'asked'
      : (uselessBecause(rows, name) ?? (columns.length >= COLUMNS_MAX ? 'too_many_columns' : undefined));
    if (reason !== undefined) {
      excluded.push({ column: name, reason });
      continue;
    }
    const column: Column = { name, kind: isNumeric(rows, name) ? 'numeric' : 'categorical' };
    columns.push(column);
    warnings.push(...leaks(rows, won, column));
  }
  return { columns, excluded, warnings };
}

function matcher(pattern: string): (name: string) => boolean {
  const wanted = normalise(pattern);
  return wanted.endsWith('*')
    ? (name) => normalise(name).startsWith(wanted.slice(0, -1))
    : (name) => normalise(name) === wanted;
}

function uselessBecause(rows: readonly Row[], name: string): ExcludedColumn['reason'] | undefined {
  // A header cell without a name is what a trailing comma leaves.
  if (name.trim() === '') return 'constant';
  const levels = rows.map((row) => levelOf(row, name)).filter((level) => level !== undefined);
  const distinct = new Set(levels);
  if (distinct.size === 0 || (distinct.size === 1 && levels.length === rows.length)) return 'constant';
  const unique = levels.length >= UNIQUE_ROWS && distinct.size >= UNIQUE_SHARE * levels.length;
  if (!unique) return undefined;
  if (!isNumeric(rows, name)) return levels.some((level) => /\s/.test(level)) ? 'free_text' : 'identifier';
  // Measurements may be unique too; numbers given out one by one are whole and named or ordered so.
  const numbers = levels.map(Number);
  const whole = numbers.every(Number.isInteger) && distinct.size === levels.length;
  return whole && (soundsLikeId(name) || isOrdered(numbers)) ? 'identifier' : undefined;
}

function soundsLikeId(name: string): boolean {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return /(^|[\s_.-])(id|ids|uuid|guid|key|number|no|nr|num|index|ref)\.?$|编号|序号|^id/u.test(words);
}

function isOrdered(numbers: readonly number[]): boolean {
  const steps = numbers.slice(1).map((value, at) => Math.sign(value - (numbers[at] ?? 0)));
  return steps.every((step) => step > 0) || steps.every((step) => step < 0);
}

/** Numbers with more than two values; yes and no as 1 and 0 are levels. */
function isNumeric(rows: readonly Row[], name: string): boolean {
  const levels = rows.map((row) => levelOf(row, name)).filter((level) => level !== undefined);
  const numbers = levels.filter((level) => !Number.isNaN(Number(level)));
  return numbers.length >= NUMERIC_SHARE * levels.length && new Set(numbers).size > 2;
}

function leaks(rows: readonly Row[], won: Float64Array, column: Column): LeakWarning[] {
  const warnings: LeakWarning[] = [];
  const alone = aucAlone(rows, won, column);
  if (alone >= LEAK_AUC) {
    const share = alone.toFixed(3);
    warnings.push({
      column: column.name,
      kind: 'predicts_alone',
      text: {
        en: `Alone it tells won from lost nearly perfectly (AUC ${share}): was it filled in after the outcome?`,
        zh: `仅凭此列几乎就能区分赢单与输单(AUC ${share}):是否在结果之后才填写?`,
      },
    });
  }
  const [forWon, forLost] = [filledShare(rows, won, column.name, 1), filledShare(rows, won, column.name, 0)];
  if (Math.min(forWon, forLost) <= FILLED_RARELY && Math.max(forWon, forLost) >= FILLED_OFTEN) {
    const [a, b] = [percent(forWon), percent(forLost)];
    warnings.push({
      column: column.name,
      kind: 'filled_for_one_outcome',
      text: {
        en: `Filled in for ${a} of the won and ${b} of the lost leads: was it filled in after the outcome?`,
        zh: `赢单中 ${a} 已填写,输单中 ${b} 已填写:是否在结果之后才填写?`,
      },
    });
  }
  return warnings;
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function filledShare(rows: readonly Row[], won: Float64Array, name: string, outcome: number): number {
  const of = rows.filter((_, row) => won[row] === outcome);
  return of.filter((row) => levelOf(row, name) !== undefined).length / Math.max(1, of.length);
}

/** AUC of the rate of wins per value, each half of the rows rated by the other half. */
function aucAlone(rows: readonly Row[], won: Float64Array, column: Column): number {
  const groups = groupsOf(rows, column);
  const half = (row: number) => row % 2;
  const counts = [
    new Map<string, { won: number; all: number }>(),
    new Map<string, { won: number; all: number }>(),
  ];
  groups.forEach((group, row) => {
    const counted = counts[half(row)];
    const known = counted?.get(group) ?? { won: 0, all: 0 };
    counted?.set(group, { won: known.won + (won[row] ?? 0), all: known.all + 1 });
  });
  const share = won.reduce((total, each) => total + each, 0) / won.length;
  const scores = Float64Array.from(groups, (group, row) => {
    const seen = counts[1 - half(row)]?.get(group) ?? { won: 0, all: 0 };
    return (seen.won + SMOOTHING * share) / (seen.all + SMOOTHING);
  });
  return areaUnderCurve(scores, won);
}

function groupsOf(rows: readonly Row[], column: Column): string[] {
  if (column.kind === 'categorical') return rows.map((row) => levelOf(row, column.name) ?? '');
  const numbers = rows.map((row) => numberOf(row, column.name));
  const sorted = Float64Array.from(numbers.filter((value) => !Number.isNaN(value))).sort();
  const borders = Array.from({ length: BINS - 1 }, (_, at) => quantile(sorted, (at + 1) / BINS));
  return numbers.map((value) => (Number.isNaN(value) ? '' : String(countUpTo(borders, value))));
}
