import { type HistoryStats, RETRAIN_POLICY, shouldRetrain } from '../../src/scoring';

const metrics = {
  ...{ rows: 1000, won: 400, lost: 600, folds: 5, auc: 0.85, aucLogistic: 0.84, aucBoosting: 0.85 },
  ...{ logLoss: 0.4, brier: 0.14, calibrationError: 0.01 },
};
const model = { trainedAt: '2026-01-01T00:00:00.000Z', metrics };
const stats: HistoryStats = { now: '2026-01-10T00:00:00.000Z', won: 410, lost: 605 };

test.each<[string, boolean, Partial<HistoryStats>]>([
  ['up_to_date', false, {}],
  ['too_little_history', false, { won: 49 }],
  ['history_grew', true, { won: 500, lost: 700 }],
  ['old', true, { now: '2026-01-31T00:00:00.000Z' }],
  ['up_to_date', false, { now: '2027-01-31T00:00:00.000Z', won: 400, lost: 600 }],
  ['less_accurate', true, { since: { won: 30, lost: 40, auc: 0.79 } }],
  ['up_to_date', false, { since: { won: 29, lost: 400, auc: 0.5 } }],
  ['outcomes_shifted', true, { since: { won: 60, lost: 40, auc: 0.86 } }],
])('%s: %p', (reason, retrain, change) => {
  expect(shouldRetrain(model, { ...stats, ...change })).toEqual({ retrain, reason });
});

test('without a model the history alone decides, by the policy given', () => {
  expect(shouldRetrain(undefined, stats)).toEqual({ retrain: true, reason: 'no_model' });
  const strict = { ...RETRAIN_POLICY, minPerOutcome: 500 };
  expect(shouldRetrain(undefined, stats, strict)).toEqual({ retrain: false, reason: 'too_little_history' });
});
