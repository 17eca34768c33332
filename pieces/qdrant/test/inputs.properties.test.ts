import { isUuid } from '@bizstack/contracts';
import fc from 'fast-check';
import { readFilter } from '../src/lib/filter';
import { idOfKey, readId, readIds } from '../src/lib/ids';

const field = fc
  .string({ minLength: 1 })
  .filter((key) => !['must', 'should', 'must_not', 'min_should', '__proto__'].includes(key));
const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(null),
  fc.array(fc.string(), { minLength: 1 }),
  fc.array(fc.integer(), { minLength: 1 }),
  fc.record({ gte: fc.integer(), lt: fc.integer() }, { requiredKeys: ['gte'] }),
);

test('the short form of a filter gives one condition for each field, on that field', () => {
  fc.assert(
    fc.property(fc.dictionary(field, value, { minKeys: 1, noNullPrototype: true }), (short) => {
      const filter = readFilter(short);
      const must = filter?.['must'];
      if (!Array.isArray(must)) throw new Error('must is no list');
      const keys = must.map(
        (each: { key?: string; is_empty?: { key: string } }) => each.key ?? each.is_empty?.key,
      );
      expect(keys).toEqual(Object.keys(short));
    }),
  );
});

test('a filter means the same as text and as an object', () => {
  fc.assert(
    fc.property(fc.dictionary(field, value, { noNullPrototype: true }), (short) => {
      expect(readFilter(JSON.stringify(short))).toEqual(readFilter(JSON.parse(JSON.stringify(short))));
    }),
  );
});

test('the full form passes unchanged', () => {
  const full = { must: [{ key: 'a', match: { value: 1 } }], min_should: { conditions: [], min_count: 1 } };
  expect(readFilter(full)).toEqual(full);
});

test('any key gives a UUID: the same for the same key, another for another', () => {
  const key = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '');
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(isUuid(idOfKey(a))).toBe(true);
      expect(idOfKey(a) === idOfKey(b)).toBe(a === b);
    }),
  );
});

test('ids are unsigned integers and UUIDs, also as text; nothing else', () => {
  fc.assert(fc.property(fc.nat(), (n) => readId(String(n)) === n && readId(n) === n));
  fc.assert(fc.property(fc.uuid(), (uuid) => readId(uuid.toUpperCase()) === uuid));
  const wrong = fc.oneof(
    fc.integer({ max: -1 }),
    fc.constantFrom(1.5, NaN, '', 'a', null, {}, [], true, 2 ** 60),
  );
  fc.assert(fc.property(wrong, (id) => expect(() => readId(id)).toThrow('not a point id')));
});

test('an id that stands twice is asked for once', () => {
  expect(readIds([1, '1', 2], ['k', 'k'])).toHaveLength(3);
});
