import { inferColumns, outcomeOf, type Row } from '../../src/scoring';
import { history } from './history';

const examples = history(400).map((example, at) => ({
  ...example,
  row: {
    ...example.row,
    'Lead ID': 5000 - at,
    uuid: `a${at * 7919}-x`,
    revenue: (at * 7919) % 100_003,
    notes: `wrote about topic ${at}`,
    always: 'yes',
    empty: '',
    'closed reason': example.won ? `deal ${at % 3}` : null,
    tags: example.won ? 'will buy' : at % 50 === 0 ? 'will buy' : 'ringing',
    rating: example.won ? 8 + (at % 3) : at % 9,
    '': null,
  } satisfies Row,
}));

test('numbers and levels are told apart', () => {
  const { columns } = inferColumns(examples);
  const kinds = Object.fromEntries(columns.map(({ name, kind }) => [name, kind]));
  expect(kinds).toMatchObject({
    visits: 'numeric',
    seconds: 'numeric',
    revenue: 'numeric',
    channel: 'categorical',
  });
});

test('columns without use are left out, each with its reason', () => {
  const { excluded } = inferColumns(examples, { exclude: ['no*', 'SIZE'] });
  expect(Object.fromEntries(excluded.map(({ column, reason }) => [column, reason]))).toEqual({
    'Lead ID': 'identifier',
    uuid: 'identifier',
    notes: 'asked',
    noise: 'asked',
    size: 'asked',
    always: 'constant',
    empty: 'constant',
    '': 'constant',
  });
  expect(inferColumns(examples).excluded).toContainEqual({ column: 'notes', reason: 'free_text' });
});

test('columns that look as if filled in after the outcome are kept with a warning', () => {
  const { warnings, columns } = inferColumns(examples);
  const found = warnings.map(({ column, kind }) => `${column} ${kind}`);
  expect(found).toEqual([
    'closed reason predicts_alone',
    'closed reason filled_for_one_outcome',
    'tags predicts_alone',
    'rating predicts_alone',
  ]);
  expect(columns.map(({ name }) => name)).toEqual(expect.arrayContaining(['closed reason', 'tags']));
  expect(warnings[1]?.text.en).toContain('100% of the won and 0% of the lost');
  expect(warnings[1]?.text.zh).toContain('100%');
});

test('an honest history raises no warning', () => {
  expect(inferColumns(history(400)).warnings).toEqual([]);
});

test.each([
  ['1', true],
  ['1.0', true],
  [' Won ', true],
  [true, true],
  ['成交', true],
  [0, false],
  ['no', false],
  ['输单', false],
  ['', undefined],
  [null, undefined],
  ['2', undefined],
  ['maybe', undefined],
])('outcome %p is %p', (cell, outcome) => {
  expect(outcomeOf(cell)).toBe(outcome);
});
