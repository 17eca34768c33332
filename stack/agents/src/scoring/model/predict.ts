import type { Row } from './cells';
import { calibrated } from './calibration';
import { encodeRow, widthOf } from './encoder';
import type { LeadModel, LeadModelContent } from './lead-model';
import { eachFeature } from './logistic';
import { sigmoid, sum } from './math';
import { treeMean, treeValue } from './tree';
import { addTreeShap } from './tree-shap';

export interface Contribution {
  readonly column: string;
  /** What the column adds to the log-odds. */
  readonly logOdds: number;
}

export interface Explanation {
  /** Chance of winning, 0–1, calibrated on the history. */
  readonly probability: number;
  /** log(p / (1 - p)): the base plus all contributions. */
  readonly logOdds: number;
  /** Log-odds of an average lead of the history. */
  readonly base: number;
  /** One per column of the model, in its order. */
  readonly contributions: readonly Contribution[];
}

type Predictor = Pick<
  LeadModelContent,
  'columns' | 'logistic' | 'boosting' | 'boostingShare' | 'calibration'
>;

/** Chance that a lead is won, 0–1. */
export function predictProbability(model: LeadModel, row: Row): number {
  return sigmoid(predictLogOdds(model, encodeRow(row, model.columns)));
}

/**
 * The chance and what each column adds to it. Exact: coefficients of the logistic model and Shapley values of
 * the trees are both additive, the blend and the calibration are linear, so the sum is the log-odds.
 */
export function explain(model: LeadModel, row: Row): Explanation {
  const encoded = encodeRow(row, model.columns);
  const { slope, offset } = model.calibration;
  const linear = logisticParts(model, encoded);
  const trees = treeParts(model, encoded);
  const mix = (a: number, b: number) => slope * ((1 - model.boostingShare) * a + model.boostingShare * b);
  const contributions = model.columns.map((column, c) => ({
    column: column.name,
    logOdds: mix(linear.parts[c] ?? 0, trees.parts[c] ?? 0),
  }));
  const base = mix(linear.base, trees.base) + offset;
  const logOdds = base + sum(contributions.map((each) => each.logOdds));
  return { probability: sigmoid(logOdds), logOdds, base, contributions };
}

export function predictLogOdds(model: Predictor, encoded: Float64Array): number {
  const linear = logisticParts(model, encoded);
  const trees = model.boosting;
  const logistic = linear.base + sum(linear.parts);
  const boosted = trees === null ? 0 : trees.base + sum(trees.trees.map((tree) => treeValue(tree, encoded)));
  return calibrated((1 - model.boostingShare) * logistic + model.boostingShare * boosted, model.calibration);
}

/** Each weight counts from the mean of its feature, so that the base is an average lead. */
function logisticParts({ columns, logistic }: Predictor, encoded: Float64Array) {
  let base = logistic.intercept;
  let offset = 0;
  const parts = columns.map((column, c) => {
    let part = 0;
    for (let at = offset; at < offset + widthOf(column); at += 1) {
      const mean = (logistic.weights[at] ?? 0) * (logistic.means[at] ?? 0);
      base += mean;
      part -= mean;
    }
    eachFeature(column, encoded[c] ?? NaN, (feature, value) => {
      part += (logistic.weights[offset + feature] ?? 0) * value;
    });
    offset += widthOf(column);
    return part;
  });
  return { base, parts };
}

function treeParts({ columns, boosting }: Predictor, encoded: Float64Array) {
  const parts = new Float64Array(columns.length);
  let base = boosting?.base ?? 0;
  for (const tree of boosting?.trees ?? []) {
    addTreeShap(tree, encoded, parts);
    base += treeMean(tree);
  }
  return { base, parts };
}
