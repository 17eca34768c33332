import { measureRates, measureTimes } from '../src';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('both sides take turns, change who goes first, and warm-up does not count', async () => {
  const calls: string[] = [];
  await measureTimes({
    name: 'x',
    rounds: 2,
    ours: async (round) => calls.push(`ours ${round}`),
    reference: async (round) => calls.push(`reference ${round}`),
  });
  expect(calls).toEqual(['reference -1', 'ours -1', 'ours 0', 'reference 0', 'reference 1', 'ours 1']);
});

test('a slower side shows in times and in rates', async () => {
  const sides = { rounds: 3, ours: () => sleep(40), reference: () => sleep(2) };
  const [median, worst] = await measureTimes({ name: 'call', ...sides });
  expect(median).toMatchObject({ name: 'call, p50', unit: 'ms' });
  expect(worst?.name).toBe('call, p99');
  expect(median?.ours).toBeGreaterThan(median?.reference ?? Number.NaN);
  const rates = await measureRates({ name: 'rows', unit: 'rows', amount: 100, ...sides });
  expect(rates.unit).toBe('rows/s');
  expect(rates.ours).toBeLessThan(rates.reference);
});
