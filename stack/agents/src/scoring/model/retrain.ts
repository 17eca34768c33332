import { z } from 'zod';
import type { LeadModel } from './lead-model';
import { MIN_PER_OUTCOME } from './train';

/** What a scheduler knows of the closed leads. */
export const historyStatsSchema = z.strictObject({
  /** ISO 8601, UTC. */
  now: z.iso.datetime(),
  /** Closed leads in all. */
  won: z.int().nonnegative(),
  lost: z.int().nonnegative(),
  /** AUC of the model's scores on leads closed after its training, and how many of each outcome those were. */
  since: z
    .strictObject({
      won: z.int().nonnegative(),
      lost: z.int().nonnegative(),
      auc: z.number().min(0).max(1),
    })
    .optional(),
});
export type HistoryStats = z.infer<typeof historyStatsSchema>;

export interface RetrainPolicy {
  /** Closed leads of each outcome that a model needs. */
  readonly minPerOutcome: number;
  /** Days after which any new closed lead is reason enough. */
  readonly maxAgeDays: number;
  /** Growth of the history that is reason enough, 0.2 = 20 %. */
  readonly growth: number;
  /** Change of the share of won leads, in the leads closed since, that is reason enough. */
  readonly shift: number;
  /** Loss of AUC on leads closed since the training that is reason enough. */
  readonly aucLoss: number;
  /** Closed leads of each outcome below which `since` proves nothing. */
  readonly minSince: number;
}

export const RETRAIN_POLICY: RetrainPolicy = {
  minPerOutcome: MIN_PER_OUTCOME,
  maxAgeDays: 30,
  growth: 0.2,
  shift: 0.15,
  aucLoss: 0.05,
  minSince: 30,
};

export type RetrainReason =
  | 'too_little_history'
  | 'no_model'
  | 'less_accurate'
  | 'outcomes_shifted'
  | 'history_grew'
  | 'old'
  | 'up_to_date';

export interface RetrainDecision {
  readonly retrain: boolean;
  readonly reason: RetrainReason;
}

const DAY_MS = 86_400_000;

/** Whether a schedule should train now. Pure: the time is part of the statistics. */
export function shouldRetrain(
  model: Pick<LeadModel, 'trainedAt' | 'metrics'> | undefined,
  stats: HistoryStats,
  policy: RetrainPolicy = RETRAIN_POLICY,
): RetrainDecision {
  if (Math.min(stats.won, stats.lost) < policy.minPerOutcome) {
    return { retrain: false, reason: 'too_little_history' };
  }
  if (model === undefined) return { retrain: true, reason: 'no_model' };
  const { metrics } = model;
  const { since } = stats;
  if (since && Math.min(since.won, since.lost) >= policy.minSince) {
    if (metrics.auc - since.auc >= policy.aucLoss) return { retrain: true, reason: 'less_accurate' };
    const share = since.won / (since.won + since.lost);
    if (Math.abs(share - metrics.won / metrics.rows) >= policy.shift) {
      return { retrain: true, reason: 'outcomes_shifted' };
    }
  }
  const added = stats.won + stats.lost - metrics.rows;
  if (added >= policy.growth * metrics.rows) return { retrain: true, reason: 'history_grew' };
  const ageDays = (Date.parse(stats.now) - Date.parse(model.trainedAt)) / DAY_MS;
  if (ageDays >= policy.maxAgeDays && added !== 0) return { retrain: true, reason: 'old' };
  return { retrain: false, reason: 'up_to_date' };
}
