import { documentVector, queryVector } from '../../src/retrieval/sparse/bm25';
import { stem } from '../../src/retrieval/sparse/porter';
import { indexWords } from '../../src/retrieval/sparse/words';

test.each([
  ['consignment', 'consign'],
  ['consistency', 'consist'],
  ['knightly', 'knight'],
  ['kindness', 'kind'],
  ['generously', 'generous'],
  ['communication', 'communic'],
  ['hopping', 'hop'],
  ['hoping', 'hope'],
  ['flies', 'fli'],
  ['ties', 'tie'],
  ['rational', 'ration'],
  ['relational', 'relat'],
  ['organization', 'organ'],
  ['agreed', 'agre'],
  ['crying', 'cri'],
  ['by', 'by'],
  ['says', 'say'],
  ['controlling', 'control'],
  ['news', 'news'],
  ['proceeds', 'proceed'],
])('%s becomes %s', (word, expected) => {
  expect(stem(word)).toBe(expected);
});

test('words lose case, accents, possession and stop words; Chinese becomes pairs', () => {
  expect(indexWords('The café’s Refunds are RUNNING')).toEqual(['cafe', 'refund', 'run']);
  expect(indexWords('退款政策v2')).toEqual(['退款', '款政', '政策', 'v2']);
});

test('a repeated word weighs more, less each time; a long text weighs each word less', () => {
  const weight = (text: string): number => documentVector(text).values[0] ?? 0;
  expect(weight('refund refund')).toBeGreaterThan(weight('refund'));
  expect(weight('refund refund')).toBeLessThan(2 * weight('refund'));
  const [index] = queryVector('refunds').indices;
  const long = documentVector(`refund ${Array.from({ length: 500 }, (_, at) => `word${at}`).join(' ')}`);
  expect(long.values[long.indices.indexOf(index ?? -1)]).toBeLessThan(weight('refund'));
});

test('indices ascend without repetition', () => {
  const { indices } = documentVector('one two three four five six seven seven');
  expect(indices).toEqual([...new Set(indices)].sort((a, b) => a - b));
});
