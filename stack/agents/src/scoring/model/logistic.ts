import { z } from 'zod';
import { type EncodedColumn, type NumericColumn, widthOf, widthOfAll } from './encoder';
import { logOddsOf, sigmoid, softplus } from './math';

/**
 * Logistic regression with an L2 penalty. A categorical column is one weight per level; a numeric one is a
 * line that may bend at its knots, plus a weight for "missing". Weights stand in the order of the columns.
 */
export const logisticSchema = z.strictObject({
  intercept: z.number(),
  weights: z.array(z.number()),
  /** Mean of each feature over the training rows: what a contribution is measured against. */
  means: z.array(z.number()),
});
export type LogisticModel = z.infer<typeof logisticSchema>;

/** Sparse features of many rows: row r holds entries `starts[r]` to `starts[r + 1]`. */
export interface Design {
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
  readonly width: number;
}

const NEWTON_STEPS = 30;
const CONJUGATE_STEPS = 60;
const TOLERANCE = 1e-6;

/** Calls `emit` with every feature of one column that is not 0. */
export function eachFeature(
  column: EncodedColumn,
  value: number,
  emit: (feature: number, value: number) => void,
): void {
  if (column.kind === 'categorical') emit(value, 1);
  else if (Number.isNaN(value)) emit(column.knots.length + 1, 1);
  else eachSlope(column, value, emit);
}

function eachSlope(
  column: NumericColumn,
  value: number,
  emit: (feature: number, value: number) => void,
): void {
  const clipped = Math.max(column.low, Math.min(column.high, value));
  emit(0, (clipped - column.median) / column.scale);
  column.knots.forEach((knot, at) => {
    if (clipped > knot) emit(at + 1, (clipped - knot) / column.scale);
  });
}

export function designOf(rows: readonly Float64Array[], columns: readonly EncodedColumn[]): Design {
  const starts = new Int32Array(rows.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  rows.forEach((row, at) => {
    let offset = 0;
    columns.forEach((column, c) => {
      eachFeature(column, row[c] ?? NaN, (feature, value) => {
        indices.push(offset + feature);
        values.push(value);
      });
      offset += widthOf(column);
    });
    starts[at + 1] = indices.length;
  });
  return {
    starts,
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
    width: widthOfAll(columns),
  };
}

/**
 * Minimises log loss + penalty / 2 · |weights|² by Newton's method; each step is solved by conjugate
 * gradients, which needs no matrix. `start` shortens the way along a row of penalties.
 */
export function fitLogistic(
  design: Design,
  won: Float64Array,
  penalty: number,
  start?: LogisticModel,
): LogisticModel {
  const size = design.width + 1;
  const share = won.reduce((total, each) => total + each, 0) / won.length;
  // The intercept stands last and is not penalised.
  const point = new Float64Array(size);
  if (start) point.set([...start.weights, start.intercept]);
  else point[size - 1] = logOddsOf(share);
  let loss = lossAt(design, won, penalty, point);
  for (let step = 0; step < NEWTON_STEPS; step += 1) {
    const { gradient, curvature } = derivatives(design, won, penalty, point);
    const direction = solve(design, curvature, penalty, gradient);
    let length = 1;
    let next = moved(point, direction, length);
    let nextLoss = lossAt(design, won, penalty, next);
    while (nextLoss > loss && length > 1e-4) {
      length /= 2;
      next = moved(point, direction, length);
      nextLoss = lossAt(design, won, penalty, next);
    }
    const gained = loss - nextLoss;
    if (gained > 0) {
      point.set(next);
      loss = nextLoss;
    }
    if (gained < TOLERANCE * (1 + Math.abs(loss))) break;
  }
  return {
    intercept: point[size - 1] ?? 0,
    weights: [...point.subarray(0, size - 1)],
    means: [...meansOf(design)],
  };
}

/** Log-odds of every row of a design. */
export function logisticLogOdds(design: Design, model: LogisticModel): Float64Array {
  const point = Float64Array.from([...model.weights, model.intercept]);
  return Float64Array.from({ length: design.starts.length - 1 }, (_, row) => rowProduct(design, row, point));
}

function rowProduct(design: Design, row: number, point: Float64Array): number {
  let total = point[design.width] ?? 0;
  for (let at = design.starts[row] ?? 0; at < (design.starts[row + 1] ?? 0); at += 1) {
    total += (design.values[at] ?? 0) * (point[design.indices[at] ?? 0] ?? 0);
  }
  return total;
}

function addRow(design: Design, row: number, factor: number, target: Float64Array): void {
  for (let at = design.starts[row] ?? 0; at < (design.starts[row + 1] ?? 0); at += 1) {
    const index = design.indices[at] ?? 0;
    target[index] = (target[index] ?? 0) + factor * (design.values[at] ?? 0);
  }
  target[design.width] = (target[design.width] ?? 0) + factor;
}

function lossAt(design: Design, won: Float64Array, penalty: number, point: Float64Array): number {
  let total = 0;
  for (let row = 0; row < won.length; row += 1) {
    const value = rowProduct(design, row, point);
    total += softplus(value) - (won[row] ?? 0) * value;
  }
  for (let at = 0; at < design.width; at += 1) total += (penalty / 2) * (point[at] ?? 0) ** 2;
  return total;
}

function derivatives(design: Design, won: Float64Array, penalty: number, point: Float64Array) {
  const gradient = new Float64Array(point.length);
  const curvature = new Float64Array(won.length);
  for (let row = 0; row < won.length; row += 1) {
    const probability = sigmoid(rowProduct(design, row, point));
    curvature[row] = probability * (1 - probability);
    addRow(design, row, probability - (won[row] ?? 0), gradient);
  }
  for (let at = 0; at < design.width; at += 1) {
    gradient[at] = (gradient[at] ?? 0) + penalty * (point[at] ?? 0);
  }
  return { gradient, curvature };
}

/** Solves (XᵀWX + penalty) d = -gradient by conjugate gradients with a diagonal preconditioner. */
function solve(design: Design, curvature: Float64Array, penalty: number, gradient: Float64Array) {
  const size = gradient.length;
  const ridge = (at: number) => (at === size - 1 ? 1e-9 : penalty);
  const diagonal = Float64Array.from({ length: size }, (_, at) => ridge(at));
  for (let row = 0; row < curvature.length; row += 1) {
    const weight = curvature[row] ?? 0;
    for (let at = design.starts[row] ?? 0; at < (design.starts[row + 1] ?? 0); at += 1) {
      const index = design.indices[at] ?? 0;
      diagonal[index] = (diagonal[index] ?? 0) + weight * (design.values[at] ?? 0) ** 2;
    }
    diagonal[size - 1] = (diagonal[size - 1] ?? 0) + weight;
  }
  const solution = new Float64Array(size);
  const residual = gradient.map((each) => -each);
  let scaled = residual.map((each, at) => each / (diagonal[at] ?? 1));
  const direction = Float64Array.from(scaled);
  let energy = dot(residual, scaled);
  // Newton corrects what a step leaves open; solving it to the last digit would only cost time.
  const enough = energy * 1e-4;
  for (let step = 0; step < CONJUGATE_STEPS && energy > enough; step += 1) {
    const product = direction.map((each, at) => ridge(at) * each);
    for (let row = 0; row < curvature.length; row += 1) {
      addRow(design, row, (curvature[row] ?? 0) * rowProduct(design, row, direction), product);
    }
    const length = energy / dot(direction, product);
    for (let at = 0; at < size; at += 1) {
      solution[at] = (solution[at] ?? 0) + length * (direction[at] ?? 0);
      residual[at] = (residual[at] ?? 0) - length * (product[at] ?? 0);
    }
    scaled = residual.map((each, at) => each / (diagonal[at] ?? 1));
    const next = dot(residual, scaled);
    for (let at = 0; at < size; at += 1) {
      direction[at] = (scaled[at] ?? 0) + (next / energy) * (direction[at] ?? 0);
    }
    energy = next;
  }
  return solution;
}

function moved(point: Float64Array, direction: Float64Array, length: number): Float64Array {
  return point.map((each, at) => each + length * (direction[at] ?? 0));
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let at = 0; at < a.length; at += 1) total += (a[at] ?? 0) * (b[at] ?? 0);
  return total;
}

function meansOf(design: Design): Float64Array {
  const means = new Float64Array(design.width);
  const rows = design.starts.length - 1;
  design.indices.forEach((index, at) => {
    means[index] = (means[index] ?? 0) + (design.values[at] ?? 0) / rows;
  });
  return means;
}
