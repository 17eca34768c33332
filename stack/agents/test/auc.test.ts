import { readFileSync } from 'node:fs';
import { scoreLead } from '../src';
import { lead, SCORED_AT } from './fixtures';

const file = process.env['BIZSTACK_LEADS_CSV'];

/** Known before the outcome. What sales staff noted afterwards (tags, quality, profile, indexes) is left out. */
const COLUMNS = [
  'Lead Origin',
  'Lead Source',
  'Do Not Email',
  'TotalVisits',
  'Total Time Spent on Website',
  'Last Activity',
  'What is your current occupation',
];

(file === undefined ? test.skip : test)('the default rules rank real leads', () => {
  const rows = readCsv(readFileSync(file ?? '', 'utf8'));
  const scored = rows.map((row) => {
    const id = row['Prospect ID'] ?? '';
    const attributes = Object.fromEntries(COLUMNS.map((column) => [column, row[column] ?? null]));
    const captured = lead({ leadId: row['Lead Number'], email: `${id}@example.com`, attributes });
    const { score, grade } = scoreLead(captured, { capturedEventId: id, scoredAt: SCORED_AT });
    return { score, grade, won: row['Converted'] === '1' };
  });
  const area = auc(scored);
  const lines = ['A', 'B', 'C', 'D'].map((grade) => {
    const all = scored.filter((each) => each.grade === grade);
    return `${grade}: ${all.length} leads, ${wonPercent(all)} % won`;
  });
  console.log([`AUC ${area.toFixed(3)} over ${scored.length} leads`, ...lines].join('\n'));
  expect(scored.length).toBeGreaterThan(100);
  expect(area).toBeGreaterThan(0.75);
});

test('the area under the curve is 1, 0.5 and 0 where it must be', () => {
  const at = (...scores: number[]) => auc(scores.map((score, index) => ({ score, won: index % 2 === 1 })));
  expect(at(1, 2, 1, 2)).toBe(1);
  expect(at(5, 5, 5, 5)).toBe(0.5);
  expect(at(2, 1)).toBe(0);
});

function wonPercent(all: { won: boolean }[]): number {
  return Math.round((100 * all.filter((each) => each.won).length) / all.length);
}

/** Probability that a won lead scores higher than a lost one; ties count half. */
function auc(scored: { score: number; won: boolean }[]): number {
  const won = scored.filter((each) => each.won);
  const lost = scored.filter((each) => !each.won);
  const wins = won.reduce(
    (total, a) =>
      total + lost.reduce((sum, b) => sum + (a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0), 0),
    0,
  );
  return wins / (won.length * lost.length);
}

function readCsv(text: string): Record<string, string>[] {
  const [header, ...lines] = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map(splitLine);
  return lines.map((cells) => Object.fromEntries((header ?? []).map((name, at) => [name, cells[at] ?? ''])));
}

function splitLine(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
