import fc from 'fast-check';
import { documentVector, queryVector, wordsOf } from '../src/lib/bm25';
import { filterForm, readFilterForm } from '../src/lib/filter-form';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });

test('any text gives a vector that Qdrant takes: growing 32-bit numbers, one positive weight each', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const { indices, values } of [documentVector(text), queryVector(text)]) {
        expect(values).toHaveLength(indices.length);
        expect([...indices].sort((a, b) => a - b)).toEqual(indices);
        expect(new Set(indices).size).toBe(indices.length);
        expect(indices.every((index) => Number.isInteger(index) && index >= 0 && index < 2 ** 32)).toBe(true);
        expect(values.every((value) => Number.isFinite(value) && value > 0)).toBe(true);
      }
    }),
  );
});

test('a search has exactly the numbers of its text; capitals and spaces change nothing', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(queryVector(text).indices).toEqual(documentVector(text).indices);
      expect(queryVector(`  ${text}\n`)).toEqual(queryVector(text));
    }),
  );
  expect(queryVector('Grün GRÜN grün')).toEqual(queryVector('grün'));
});

test('a word that comes more often weighs more, ever more slowly; a longer text holds it back', () => {
  const weight = (text: string) => {
    const { indices, values } = documentVector(text);
    return values[indices.indexOf(queryVector('word').indices[0] ?? -1)] ?? 0;
  };
  const [one, two, three] = [weight('word'), weight('word word'), weight('word word word')];
  expect(two).toBeGreaterThan(one);
  expect(three - two).toBeLessThan(two - one);
  expect(weight(`word ${'other '.repeat(500)}`)).toBeLessThan(one);
});

test.each([
  ['Invoice RX-4711', ['invoice', 'rx', '4711']],
  ['数据库', ['数据', '据库']],
  ['AI员工', ['ai', '员工']],
  ['水', ['水']],
  ['ﬁne', ['fine']],
  ['… !?', []],
])('the words of %j', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test('what a form field of any payload field asks is asked of that field', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/\p{Surrogate}/u.test(text));
  fc.assert(
    fc.property(
      name,
      fc.constantFrom('keyword', 'integer', 'float', 'datetime', 'text', 'bool', 'uuid'),
      (field, type) => {
        for (const key of Object.keys(filterForm({ [field]: { data_type: type } }))) {
          expect(key).not.toMatch(/[.[\]]/);
          expect(readFilterForm({ [key]: '7' })).toEqual([expect.objectContaining({ key: field })]);
          expect(readFilterForm({ [key]: '' })).toEqual([]);
        }
      },
    ),
  );
});
