import type { Finding } from '../factors';
import { type Locale, textIn } from '../text';
import { levelOf, numberOf, type Row } from './cells';
import type { EncodedColumn } from './encoder';
import type { LeadModel } from './lead-model';
import { sigmoid } from './math';
import { type Explanation, explain } from './predict';

/** Reasons of a score that come from columns; what is left is summed up in one. A score carries 50 at most. */
const REASONS_MAX = 40;
const VALUE_LENGTH_MAX = 80;

/**
 * The model's reasons in points of the score: base + contributions = 100 · probability. Log-odds become points
 * by one factor for all columns of a lead, so that order and sign stay.
 */
export function modelFindings(model: LeadModel, row: Row, locale: Locale): Finding[] {
  const explanation = explain(model, row);
  const perLogOdds = pointsPerLogOdds(explanation);
  const findings = model.columns
    .map((column, c) => ({ column, points: (explanation.contributions[c]?.logOdds ?? 0) * perLogOdds }))
    .sort((a, b) => Math.abs(b.points) - Math.abs(a.points) || (a.column.name < b.column.name ? -1 : 1));
  const shown = findings.slice(0, REASONS_MAX).map(({ column, points }) => ({
    factor: `model.${slug(column.name)}`,
    points,
    text: sentence(column, row, points, locale),
  }));
  const rest = findings.slice(REASONS_MAX);
  return [
    {
      factor: 'model.base',
      points: 100 * sigmoid(explanation.base),
      text: locale === 'zh' ? '历史线索的平均水平。' : 'An average lead of the history.',
    },
    ...shown,
    ...(rest.length === 0
      ? []
      : [
          {
            factor: 'model.other',
            points: rest.reduce((total, each) => total + each.points, 0),
            text: locale === 'zh' ? `其他 ${rest.length} 个字段。` : `${rest.length} other columns.`,
          },
        ]),
  ];
}

function pointsPerLogOdds({ probability, logOdds, base }: Explanation): number {
  const start = sigmoid(base);
  const distance = logOdds - base;
  // For a lead close to the average the chord is the slope of the curve.
  return Math.abs(distance) < 1e-6 ? 100 * start * (1 - start) : (100 * (probability - start)) / distance;
}

function slug(name: string): string {
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['column'];
  return words.join('_').slice(0, 80);
}

/** Values shown are levels that the history has many of, or numbers: nothing that only this lead's author wrote. */
function sentence(column: EncodedColumn, row: Row, points: number, locale: Locale): string {
  const name = clean(column.label === undefined ? column.name : textIn(locale, column.label));
  const value = valueOf(column, row);
  if (locale === 'zh') {
    const is = { missing: '未填写', rare: '为少见的值' }[value.kind] ?? `为“${value.text}”`;
    return `“${name}”${is}:${points < 0 ? '降低' : '提高'}赢单可能。`;
  }
  const is = { missing: 'is not filled in', rare: 'has a rare value' }[value.kind] ?? `is “${value.text}”`;
  return `“${name}” ${is}: ${points < 0 ? 'lowers' : 'raises'} the chance.`;
}

function valueOf(column: EncodedColumn, row: Row): { kind: string; text: string } {
  if (column.kind === 'numeric') {
    const value = numberOf(row, column.name);
    return Number.isNaN(value) ? { kind: 'missing', text: '' } : { kind: 'known', text: String(value) };
  }
  const level = levelOf(row, column.name);
  if (level === undefined) return { kind: 'missing', text: '' };
  return column.levels.includes(level) ? { kind: 'known', text: clean(level) } : { kind: 'rare', text: '' };
}

function clean(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, VALUE_LENGTH_MAX);
}
