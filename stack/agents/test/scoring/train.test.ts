import { isBizError } from '@bizstack/contracts';
import fc from 'fast-check';
import {
  explain,
  type LeadModel,
  parseLeadModel,
  predictProbability,
  type Row,
  trainLeadModel,
  type TrainingProgress,
} from '../../src/scoring';
import { areaUnderCurve, calibrationError } from '../../src/scoring/model/metrics';
import { logOddsOf } from '../../src/scoring/model/math';
import { COLUMNS, history, TRAINED_AT } from './history';

const options = { columns: COLUMNS, trainedAt: TRAINED_AT };
let model: LeadModel;
let progress: TrainingProgress[];

beforeAll(async () => {
  progress = [];
  model = await trainLeadModel(history(1000), { ...options, onProgress: (each) => progress.push(each) });
});

const rows: fc.Arbitrary<Row> = fc.record(
  {
    visits: fc.oneof(fc.integer({ min: -5, max: 1e9 }), fc.constantFrom('7', 'many', '', null)),
    seconds: fc.oneof(fc.double(), fc.constant(null)),
    channel: fc.constantFrom('ads', 'partner', 'never seen', '__proto__', null),
    size: fc.constantFrom('small', 'large', null, true),
    noise: fc.string(),
  },
  { requiredKeys: [] },
);

test('it finds what decides, on leads that it has not seen, and promises what then happens', () => {
  const unseen = history(3000, 99);
  const won = unseen.map((example) => Number(example.won));
  const chances = unseen.map((example) => predictProbability(model, example.row));
  const best = areaUnderCurve(unseen.map(trueLogOdds), won);
  expect(areaUnderCurve(chances, won)).toBeGreaterThan(best - 0.03);
  expect(calibrationError(chances.map(logOddsOf), won)).toBeLessThan(0.04);
  expect(Math.abs(model.metrics.auc - areaUnderCurve(chances, won))).toBeLessThan(0.03);
});

test('contributions of the columns sum to the log-odds of the chance, whatever the row holds', () => {
  fc.assert(
    fc.property(rows, (row) => {
      const { base, contributions, logOdds, probability } = explain(model, row);
      expect(contributions.reduce((sum, each) => sum + each.logOdds, base)).toBeCloseTo(logOdds, 9);
      expect(probability).toBeCloseTo(predictProbability(model, row), 9);
      expect(probability).toBeGreaterThan(0);
      expect(probability).toBeLessThan(1);
    }),
  );
});

test('a column says more the more it matters', () => {
  const weight = (name: string) =>
    history(200, 5).reduce(
      (sum, { row }) =>
        sum + Math.abs(explain(model, row).contributions.find(({ column }) => column === name)?.logOdds ?? 0),
      0,
    );
  expect(weight('channel')).toBeGreaterThan(3 * weight('noise'));
  expect(weight('visits')).toBeGreaterThan(weight('noise'));
});

test('values that nobody had in the history count as rare, not as missing', () => {
  const at = (channel: string | null) => explain(model, { visits: 3, seconds: 100, channel, size: 'small' });
  expect(at('never seen').logOdds).toBe(at('another one').logOdds);
});

test('values that few have are grouped', async () => {
  const examples = history(210);
  const levels = async (minLevelCount: number) => {
    const trained = await trainLeadModel(examples, { ...options, minLevelCount });
    const noise = trained.columns.find(({ name }) => name === 'noise');
    return noise?.kind === 'categorical' ? noise.levels.length : 'left out';
  };
  expect(await levels(1)).toBe(60);
  expect(await levels(20)).toBe('left out');
});

test('the same history and seed give the same model, another seed another one', async () => {
  const small = history(300);
  const [a, b, c] = await Promise.all([
    trainLeadModel(small, options),
    trainLeadModel(small, { ...options, trainedAt: '2026-03-01T00:00:00.000Z' }),
    trainLeadModel(small, { ...options, seed: 2 }),
  ]);
  expect(b.contentHash).toBe(a.contentHash);
  expect({ ...b, trainedAt: a.trainedAt }).toEqual(a);
  expect(c.contentHash).not.toBe(a.contentHash);
});

test('a model survives JSON with its keys in another order', () => {
  const reversed = Object.fromEntries(Object.entries(model).reverse());
  expect(parseLeadModel(JSON.parse(JSON.stringify(reversed)))).toEqual(model);
  expect(model.version).toBe(`model-${model.contentHash.slice(0, 12)}`);
});

test.each<[string, (stored: LeadModel) => unknown]>([
  ['a changed calibration', (stored) => ({ ...stored, calibration: { slope: 2, offset: 0 } })],
  ['another version', (stored) => ({ ...stored, version: 'model-000000000000' })],
  ['a missing part', ({ logistic: _, ...stored }) => stored],
  ['too few weights', (stored) => ({ ...stored, logistic: { ...stored.logistic, weights: [1] } })],
  ['a tree on an unknown column', (stored) => ({ ...stored, columns: stored.columns.slice(0, 1) })],
  ['no object', () => 'model'],
])('a stored model with %s is refused', (_, change) => {
  const thrown = caught(() => parseLeadModel(change(structuredClone(model))));
  expect(isBizError(thrown, 'BIZ_SCORING_MODEL_INVALID')).toBe(true);
});

test('a small history is left to logistic regression', async () => {
  const small = await trainLeadModel(history(210), options);
  expect(small.boosting).toBeNull();
  expect(small.metrics.aucBoosting).toBeNull();
  expect(small.boostingShare).toBe(0);
});

test('too few closed leads of one outcome are refused with their number', async () => {
  const lost = history(400).filter((example, at) => !example.won || at < 40);
  const thrown = await trainLeadModel(lost, options).catch((error: unknown) => error);
  expect(isBizError(thrown, 'BIZ_SCORING_HISTORY_TOO_SMALL')).toBe(true);
  expect(String(thrown)).toContain('50 of each are needed');
});

test.each([
  ['columns named twice', { columns: [COLUMNS[0], COLUMNS[0]] }],
  ['no column', { columns: [] }],
  ['a time that is none', { trainedAt: 'yesterday' }],
  ['columns that the history does not have', { columns: [{ name: 'absent', kind: 'numeric' }] }],
])('%s are refused', async (_, change) => {
  const thrown = await trainLeadModel(history(300), Object.assign({}, options, change)).catch(
    (error: unknown) => error,
  );
  expect(isBizError(thrown, 'BIZ_SCORING_TRAINING_INVALID')).toBe(true);
});

test('a training ends when it is cancelled', async () => {
  const controller = new AbortController();
  const reason = new Error('no longer wanted');
  let calls = 0;
  const training = trainLeadModel(history(1000), {
    ...options,
    signal: controller.signal,
    onProgress: () => {
      calls += 1;
      if (calls === 10) controller.abort(reason);
    },
  });
  const thrown = await training.catch((error: unknown) => error);
  expect(isBizError(thrown, 'BIZ_SCORING_TRAINING_CANCELLED')).toBe(true);
  expect(thrown).toHaveProperty('cause', reason);
  expect(calls).toBe(10);
});

test('progress only goes forward and ends at 1 when trees are grown', () => {
  const done = progress.map((each) => each.done);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(done[done.length - 1]).toBe(model.boosting === null ? 0.8 : 1);
  expect(new Set(progress.map(({ step }) => step))).toEqual(new Set(['validate', 'fit']));
});

function trueLogOdds({ row }: { row: Row }): number {
  const stays = row['size'] === 'small' && Number(row['seconds']) > 400;
  return 0.15 * Number(row['visits']) + (row['channel'] === 'partner' ? 1.6 : 0) + (stays ? 1.8 : 0);
}

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
