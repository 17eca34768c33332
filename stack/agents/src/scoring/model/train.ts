import { BizError } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';
import { type Random, seededRandom, shuffle } from '../../seeded-random';
import { Booster, binRows, type BinnedRows, type BoostingSettings } from './boosting';
import { calibrated, fitCalibration } from './calibration';
import type { Row } from './cells';
import { type Column, columnSchema, COLUMNS_MAX, type EncodedColumn, encodeRow, fitColumns } from './encoder';
import { type LeadModel, MODEL_FORMAT, sealModel } from './lead-model';
import { type Design, designOf, fitLogistic, logisticLogOdds, type LogisticModel } from './logistic';
import { logOddsOf } from './math';
import { areaUnderCurve, brierScore, calibrationError, logLoss } from './metrics';
import { type Tree, treeValue } from './tree';

/** Closed leads of each outcome below which rules know more than a model. */
export const MIN_PER_OUTCOME = 50;

/** Closed leads of each outcome below which boosting is not tried: it would learn the noise. */
const MIN_PER_OUTCOME_BOOSTING = 100;

const FOLDS = 5;
const PENALTIES = [30, 10, 3, 1];
const TREES_MAX = 500;
/** Trees between two looks at the validation loss, and looks without gain before it stops. */
const TREES_PER_LOOK = 10;
const PATIENCE = 4;
const SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const LEAF_DIGITS = 9;

const BOOSTING: BoostingSettings = {
  learningRate: 0.08,
  maxLeaves: 12,
  minLeafRows: 15,
  penalty: 3,
  rowShare: 0.8,
  columnShare: 0.6,
};

export interface TrainingExample {
  readonly row: Row;
  readonly won: boolean;
}

export interface TrainingProgress {
  readonly step: 'validate' | 'fit';
  /** 0–1 over the whole training. Trees may stop early, so it may jump. */
  readonly done: number;
}

export interface TrainOptions {
  readonly columns: readonly Column[];
  /** ISO 8601, UTC. Given by the caller, so that the same history gives the same model. */
  readonly trainedAt: string;
  readonly seed?: number;
  /** Closed leads that are needed of each outcome; {@link MIN_PER_OUTCOME} unless told. */
  readonly minPerOutcome?: number;
  /** Values that fewer leads have are grouped as "rare". */
  readonly minLevelCount?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

const optionsSchema = z.object({
  columns: z
    .array(columnSchema)
    .min(1)
    .max(COLUMNS_MAX)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'names must be unique'),
  trainedAt: z.iso.datetime(),
  seed: z.int().default(1),
  minPerOutcome: z.int().min(10).default(MIN_PER_OUTCOME),
  minLevelCount: z.int().min(1).default(10),
});

/**
 * Trains on closed leads. Penalty, number of trees and the blend of logistic regression with boosting are
 * chosen by cross validation; the probability is calibrated on the out-of-fold scores. The same examples,
 * columns and seed give the same model. Gives way to other work between trees.
 * @throws BizError `BIZ_SCORING_TRAINING_INVALID` for unusable options or columns,
 * `BIZ_SCORING_HISTORY_TOO_SMALL` with fewer closed leads of an outcome than `minPerOutcome`,
 * `BIZ_SCORING_TRAINING_CANCELLED` when the signal aborts.
 */
export async function trainLeadModel(
  examples: readonly TrainingExample[],
  options: TrainOptions,
): Promise<LeadModel> {
  const { columns, trainedAt, seed, minPerOutcome, minLevelCount } = parseOptions(options);
  const won = Float64Array.from(examples, (example) => Number(example.won));
  const wins = won.reduce((total, each) => total + each, 0);
  const rarer = Math.min(wins, won.length - wins);
  if (rarer < minPerOutcome) {
    throw new BizError(
      'BIZ_SCORING_HISTORY_TOO_SMALL',
      `The history has ${wins} won and ${won.length - wins} lost leads; ${minPerOutcome} of each are needed.`,
      { hint: 'Score by rules until then.', details: { won: wins, lost: won.length - wins, minPerOutcome } },
    );
  }
  const rows = examples.map((example) => example.row);
  const fitted = fitColumns(rows, columns, minLevelCount);
  if (fitted.length === 0) {
    throw new BizError('BIZ_SCORING_TRAINING_INVALID', 'No column of the history has two different values.', {
      hint: 'Check the names of the columns.',
      details: { columns: columns.map(({ name }) => name) },
    });
  }
  const random = seededRandom(seed);
  const pace = pacer(options);
  const folds = foldsOf(won, random).map(
    (members) => new Fold(rows, won, members, columns, minLevelCount, random),
  );

  const logistic = await chooseLogistic(folds, won, pace);
  const boosted = rarer < MIN_PER_OUTCOME_BOOSTING ? undefined : await chooseTrees(folds, won, pace);
  const share = boosted === undefined ? 0 : chooseShare(logistic.outOfFold, boosted.outOfFold, won);
  const blended = blend(logistic.outOfFold, boosted?.outOfFold ?? logistic.outOfFold, share);
  const calibration = fitCalibration(blended, won);
  const outOfFold = blended.map((value) => calibrated(value, calibration));

  const encoded = rows.map((row) => encodeRow(row, fitted));
  const base = logOddsOf(wins / won.length);
  const model = fitLogistic(designOf(encoded, fitted), won, logistic.penalty);
  await pace('fit', 0.8);
  const trees =
    boosted === undefined || share === 0
      ? undefined
      : await growAll(
          new Booster(binRows(encoded, fitted), won, base, BOOSTING, random),
          boosted.trees,
          pace,
        );
  return sealModel(
    {
      format: MODEL_FORMAT,
      columns: fitted,
      logistic: model,
      boosting: trees === undefined ? null : { base, trees },
      boostingShare: share,
      calibration,
      metrics: {
        rows: won.length,
        won: wins,
        lost: won.length - wins,
        folds: FOLDS,
        auc: areaUnderCurve(outOfFold, won),
        aucLogistic: areaUnderCurve(logistic.outOfFold, won),
        aucBoosting: boosted === undefined ? null : areaUnderCurve(boosted.outOfFold, won),
        logLoss: logLoss(outOfFold, won),
        brier: brierScore(outOfFold, won),
        calibrationError: calibrationError(outOfFold, won),
      },
      seed,
    },
    trainedAt,
  );
}

type Pace = (step: TrainingProgress['step'], done: number) => Promise<void>;

/** Reports progress, lets other work run, and ends the training when it was cancelled. */
function pacer({ signal, onProgress }: TrainOptions): Pace {
  return async (step, done) => {
    onProgress?.({ step, done: Math.min(1, done) });
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) {
      throw new BizError('BIZ_SCORING_TRAINING_CANCELLED', 'The training was cancelled.', {
        cause: signal.reason,
      });
    }
  };
}

function parseOptions(options: TrainOptions) {
  const parsed = optionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new BizError(
    'BIZ_SCORING_TRAINING_INVALID',
    `The options of the training are not valid: ${z.prettifyError(parsed.error)}.`,
    { cause: parsed.error },
  );
}

/** Row numbers per fold, each with its part of both outcomes. */
function foldsOf(won: Float64Array, random: Random): number[][] {
  const folds = Array.from({ length: FOLDS }, (): number[] => []);
  for (const outcome of [0, 1]) {
    const members = [...won.keys()].filter((row) => won[row] === outcome);
    shuffle(members, random).forEach((row, at) => folds[at % FOLDS]?.push(row));
  }
  return folds;
}

/** One part of the history held back, and everything learned from the rest of it alone. */
class Fold {
  readonly columns: EncodedColumn[];
  readonly trainRows: Float64Array[];
  readonly testRows: Float64Array[];
  readonly trainWon: Float64Array;
  readonly base: number;

  constructor(
    rows: readonly Row[],
    won: Float64Array,
    readonly members: readonly number[],
    columns: readonly Column[],
    minLevelCount: number,
    private readonly random: Random,
  ) {
    const held = new Set(members);
    const kept = rows.filter((_, row) => !held.has(row));
    this.columns = fitColumns(kept, columns, minLevelCount);
    this.trainRows = kept.map((row) => encodeRow(row, this.columns));
    this.testRows = members.map((row) => encodeRow(rows[row] ?? {}, this.columns));
    this.trainWon = won.filter((_, row) => !held.has(row));
    this.base = logOddsOf(this.trainWon.reduce((total, each) => total + each, 0) / this.trainWon.length);
  }

  designs(): { train: Design; test: Design } {
    return { train: designOf(this.trainRows, this.columns), test: designOf(this.testRows, this.columns) };
  }

  booster(): Booster {
    const data: BinnedRows = binRows(this.trainRows, this.columns);
    return new Booster(data, this.trainWon, this.base, BOOSTING, this.random);
  }
}

/** The penalty with the least out-of-fold loss. */
async function chooseLogistic(folds: readonly Fold[], won: Float64Array, pace: Pace) {
  const outOfFold = PENALTIES.map(() => new Float64Array(won.length));
  for (const [at, fold] of folds.entries()) {
    const { train, test } = fold.designs();
    let model: LogisticModel | undefined;
    for (const [which, penalty] of PENALTIES.entries()) {
      model = fitLogistic(train, fold.trainWon, penalty, model);
      const scores = logisticLogOdds(test, model);
      fold.members.forEach((row, index) => outOfFold[which]?.fill(scores[index] ?? 0, row, row + 1));
      await pace('validate', (0.2 * (at + (which + 1) / PENALTIES.length)) / folds.length);
    }
  }
  const losses = outOfFold.map((scores) => logLoss(scores, won));
  const best = losses.indexOf(Math.min(...losses));
  return { penalty: PENALTIES[best] ?? 1, outOfFold: outOfFold[best] ?? new Float64Array(won.length) };
}

/** Grows the folds side by side until their common out-of-fold loss gets no better. */
async function chooseTrees(folds: readonly Fold[], won: Float64Array, pace: Pace) {
  const boosters = folds.map((fold) => ({ fold, booster: fold.booster() }));
  const current = new Float64Array(won.length);
  for (const { fold } of boosters) for (const row of fold.members) current[row] = fold.base;
  let best = { trees: 0, loss: logLoss(current, won), outOfFold: Float64Array.from(current) };
  for (let trees = 1; trees <= TREES_MAX; trees += 1) {
    for (const { fold, booster } of boosters) {
      const tree = booster.grow();
      fold.members.forEach((row, at) => {
        current[row] = (current[row] ?? 0) + treeValue(tree, fold.testRows[at] ?? new Float64Array());
      });
    }
    await pace('validate', 0.2 + (0.6 * trees) / TREES_MAX);
    if (trees % TREES_PER_LOOK !== 0) continue;
    const loss = logLoss(current, won);
    if (loss < best.loss) best = { trees, loss, outOfFold: Float64Array.from(current) };
    else if (trees - best.trees >= PATIENCE * TREES_PER_LOOK) break;
  }
  return best;
}

function chooseShare(logistic: Float64Array, boosted: Float64Array, won: Float64Array): number {
  const losses = SHARES.map((share) => logLoss(blend(logistic, boosted, share), won));
  return SHARES[losses.indexOf(Math.min(...losses))] ?? 0;
}

function blend(logistic: Float64Array, boosted: Float64Array, share: number): Float64Array {
  return logistic.map((value, row) => (1 - share) * value + share * (boosted[row] ?? 0));
}

async function growAll(booster: Booster, count: number, pace: Pace): Promise<Tree[]> {
  for (let trees = 1; trees <= count; trees += 1) {
    booster.grow();
    await pace('fit', 0.8 + (0.2 * trees) / count);
  }
  // Digits beyond these change no score that anybody sees, and are half of the model's size.
  return booster.trees.map((tree) =>
    tree.map((node) =>
      node.kind === 'leaf' ? { ...node, value: Number(node.value.toPrecision(LEAF_DIGITS)) } : node,
    ),
  );
}
