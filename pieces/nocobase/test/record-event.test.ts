import { createMemoryStore, until } from './trigger-support';
import { pollRecords, prepareCursor, type PollSettings, sampleRecords } from '../src/lib/record-poll';
import { adminClient, failureOf, makeCollection, run } from './support';

const codesOf = (records: Record<string, unknown>[]) => records.map((record) => record['code']);

async function trigger(settings: Partial<PollSettings> = {}) {
  const collection = await makeCollection();
  const input = {
    client: adminClient(),
    store: createMemoryStore(),
    settings: { collection, event: 'created' as const, ...settings },
  };
  const add = (code: string) => run('create_record', { collection, moreValues: { code } });
  const poll = () => pollRecords(input);
  /** Polls until as many records have come, since young records wait. */
  const collect = (count: number) =>
    until(async (all: Record<string, unknown>[]) => {
      all.push(...(await poll()));
      return all.length >= count;
    });
  return { collection, input, add, poll, collect };
}

test('only records after publishing come, each once, oldest first', async () => {
  const { input, add, poll, collect } = await trigger();
  await add('before');
  await prepareCursor(input);
  for (const code of ['a', 'b', 'c']) await add(code);
  expect(codesOf(await collect(3))).toEqual(['a', 'b', 'c']);
  expect(await poll()).toEqual([]);
});

test('from the beginning, in small polls, with records of one and the same time', async () => {
  const { input, collection, add, collect } = await trigger({ start: 'all', maxRecords: 2 });
  const createdAt = '2026-01-02T03:04:05.678Z';
  for (const code of ['a', 'b', 'c', 'd', 'e']) {
    await run('run_action', { action: `${collection}:create`, body: { code, createdAt } });
  }
  await add('f');
  await prepareCursor(input);
  const codes = codesOf(await collect(6));
  expect([...codes].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('publishing again goes on where it was', async () => {
  const { input, add, collect } = await trigger();
  await prepareCursor(input);
  await add('a');
  expect(codesOf(await collect(1))).toEqual(['a']);
  await add('b');
  await prepareCursor(input);
  expect(codesOf(await collect(1))).toEqual(['b']);
});

test('changes come again, and the filter holds', async () => {
  const { input, add, collection, collect } = await trigger({ event: 'changed', filter: { stage: 'won' } });
  await prepareCursor(input);
  await add('a');
  await add('b');
  const upsert = { collection, uniqueField: 'code', moreValues: { code: 'b', stage: 'won' } };
  await run('upsert_record', upsert);
  expect(codesOf(await collect(1))).toEqual(['b']);
  await run('upsert_record', { ...upsert, moreValues: { code: 'b', stage: 'won', amount: 5 } });
  const [again] = await collect(1);
  expect(again).toMatchObject({ code: 'b', amount: 5 });
});

test('samples are the latest records and move nothing', async () => {
  const { input, add } = await trigger();
  await add('a');
  await add('b');
  const samples = await sampleRecords(input.client, input.settings);
  expect(codesOf(samples)).toContain('b');
  expect(input.store.size).toBe(0);
});

test('an unknown collection is an error, not silence', async () => {
  const { input } = await trigger();
  const settings = { ...input.settings, collection: 'no_such_collection' };
  expect((await failureOf(prepareCursor({ ...input, settings }))).code).toBe('BIZ_NOCOBASE_NOT_FOUND');
});
