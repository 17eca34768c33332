import { concerns } from '../../src/server/services/records/watch';

const all = { eventNames: ['created', 'updated', 'deleted'] as ('created' | 'updated' | 'deleted')[] };

test.each([
  ['an event that is wanted', { ...all, fieldNames: [] }, 'created', [], true],
  ['an event that is not', { eventNames: ['deleted' as const], fieldNames: [] }, 'created', [], false],
  ['any update without fields', { ...all, fieldNames: [] }, 'updated', ['a'], true],
  ['an update of a wanted field', { ...all, fieldNames: ['b'] }, 'updated', ['a', 'b'], true],
  ['an update of another field', { ...all, fieldNames: ['b'] }, 'updated', ['a'], false],
  ['a deletion, whatever the fields', { ...all, fieldNames: ['b'] }, 'deleted', [], true],
] as const)('%s', (_, { eventNames, fieldNames }, event, changed, wanted) => {
  expect(concerns({ eventNames: [...eventNames], fieldNames: [...fieldNames] }, { event, changed })).toBe(
    wanted,
  );
});
