import type { Store } from '@activepieces/pieces-framework';
import { clientOf } from '../src/lib/auth';
import { pollPoints, prepareCursor, type PollSettings, samplePoints } from '../src/lib/point-poll';
import { connection, failureOf, run, uniqueName } from './support';

/** A flow's store in memory. It serialises as the engine's does. */
function memoryStore(): Pick<Store, 'get' | 'put'> {
  const values = new Map<string, string>();
  return {
    async get<T>(key: string): Promise<T | null> {
      const text = values.get(key);
      return text === undefined ? null : (JSON.parse(text) as T);
    },
    async put<T>(key: string, value: T): Promise<T> {
      values.set(key, JSON.stringify(value));
      return value;
    },
  };
}

async function trigger(settings: Partial<PollSettings> = {}) {
  const collection = uniqueName();
  await run('create_collection', { collection, size: 2 });
  await run('create_payload_index', { collection, field: 'at', type: 'datetime' });
  const input = {
    client: clientOf(connection()),
    store: memoryStore(),
    settings: { collection, field: 'at', ...settings },
  };
  const add = (...times: [id: number, at: string][]) =>
    run('upsert_points', {
      collection,
      points: times.map(([id, at]) => ({ id, vector: [1, id], payload: { at, even: id % 2 === 0 } })),
    });
  const poll = async () => (await pollPoints(input)).map(({ id }) => id);
  return { collection, input, add, poll };
}

const T1 = '2026-01-01T00:00:00.001Z';
const T2 = '2026-01-01T00:00:00.002Z';

test('only points after publishing come, each once, oldest first, also with equal times', async () => {
  const { input, add, poll } = await trigger();
  await add([1, T1]);
  await prepareCursor(input);
  expect(await poll()).toEqual([]);
  await add([5, T2], [2, T1], [3, T1]);
  const ids = await poll();
  expect([...ids].sort()).toEqual([2, 3, 5]);
  expect(ids.at(-1)).toBe(5);
  await add([6, T2]);
  expect(await poll()).toEqual([6]);
  expect(await poll()).toEqual([]);
});

test('small polls lose nothing among equal times', async () => {
  const { input, add, poll } = await trigger({ start: 'all', maxPoints: 2 });
  await add(...Array.from({ length: 7 }, (_, n): [number, string] => [n, T1]));
  await prepareCursor(input);
  const seen = [
    ...(await poll()),
    ...(await poll()),
    ...(await poll()),
    ...(await poll()),
    ...(await poll()),
  ];
  expect(seen.sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('publishing again goes on where it was, and the filter holds', async () => {
  const { input, add, poll } = await trigger({ start: 'all', filter: { n: { gte: 0 } } });
  await prepareCursor(input);
  await add([1, T1]);
  expect(await poll()).toEqual([]);
  const all = { ...input, settings: { ...input.settings, filter: undefined } };
  await prepareCursor(all);
  expect((await pollPoints(all)).map(({ id }) => id)).toEqual([1]);
});

test('samples move nothing; a collection that is not there is an error', async () => {
  const { input, add, poll } = await trigger({ start: 'all' });
  await add([1, T1], [2, T2]);
  expect((await samplePoints(input.client, input.settings)).map(({ id }) => id)).toEqual([2, 1]);
  await prepareCursor(input);
  expect(await poll()).toEqual([1, 2]);
  const settings = { ...input.settings, collection: uniqueName(), start: 'now' as const };
  expect((await failureOf(prepareCursor({ ...input, settings }))).code).toBe('BIZ_QDRANT_NOT_FOUND');
});
