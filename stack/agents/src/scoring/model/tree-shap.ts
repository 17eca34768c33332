import { goesLeft, type Tree } from './tree';

/** What the walk to a node knows of one column: shares of rows that go on without it and with it. */
interface Step {
  readonly column: number;
  readonly zero: number;
  readonly one: number;
  weight: number;
}

/**
 * Adds the Shapley value of every column for one row to `target`, exactly, in O(leaves · depth²): the
 * path-dependent TreeSHAP algorithm of Lundberg et al. (2018). The sum is the row's value minus the mean.
 */
export function addTreeShap(tree: Tree, row: Float64Array, target: Float64Array): void {
  visit(tree, 0, row, [], 1, 1, -1, target);
}

function visit(
  tree: Tree,
  at: number,
  row: Float64Array,
  parent: readonly Step[],
  zero: number,
  one: number,
  column: number,
  target: Float64Array,
): void {
  const path = extended(parent, zero, one, column);
  const node = tree[at];
  if (node === undefined) return;
  if (node.kind === 'leaf') {
    for (let step = 1; step < path.length; step += 1) {
      const { column: of, one: withIt, zero: withoutIt } = path[step] ?? { column: 0, one: 0, zero: 0 };
      target[of] = (target[of] ?? 0) + unwoundSum(path, step) * (withIt - withoutIt) * node.value;
    }
    return;
  }
  const [hot, cold] = goesLeft(node, row) ? [node.left, node.right] : [node.right, node.left];
  // A column met before counts once: its earlier step is taken back and its shares multiplied in.
  const before = path.findIndex((step, index) => index > 0 && step.column === node.column);
  const known = path[before];
  const rest = known === undefined ? path : unwound(path, before);
  const [zeroBefore, oneBefore] = known === undefined ? [1, 1] : [known.zero, known.one];
  const share = (child: number) => (tree[child]?.cover ?? 0) / node.cover;
  visit(tree, hot, row, rest, zeroBefore * share(hot), oneBefore, node.column, target);
  visit(tree, cold, row, rest, zeroBefore * share(cold), 0, node.column, target);
}

function extended(path: readonly Step[], zero: number, one: number, column: number): Step[] {
  const longer = path.map((step) => ({ ...step }));
  const depth = longer.length;
  longer.push({ column, zero, one, weight: depth === 0 ? 1 : 0 });
  for (let at = depth - 1; at >= 0; at -= 1) {
    const [step, next] = [longer[at], longer[at + 1]];
    if (step === undefined || next === undefined) continue;
    next.weight += (one * step.weight * (at + 1)) / (depth + 1);
    step.weight = (zero * step.weight * (depth - at)) / (depth + 1);
  }
  return longer;
}

function unwound(path: readonly Step[], index: number): Step[] {
  const weights = unwoundWeights(path, index);
  return path.filter((_, at) => at !== index).map((step, at) => ({ ...step, weight: weights[at] ?? 0 }));
}

function unwoundSum(path: readonly Step[], index: number): number {
  return unwoundWeights(path, index).reduce((total, weight) => total + weight, 0);
}

/** Weights of the path as they would be had step `index` never been taken. */
function unwoundWeights(path: readonly Step[], index: number): number[] {
  const depth = path.length - 1;
  const { one, zero } = path[index] ?? { one: 1, zero: 1 };
  const weights = path.slice(0, depth).map((step) => step.weight);
  let next = path[depth]?.weight ?? 0;
  for (let at = depth - 1; at >= 0; at -= 1) {
    const current = path[at]?.weight ?? 0;
    if (one !== 0) {
      weights[at] = (next * (depth + 1)) / ((at + 1) * one);
      next = current - ((weights[at] ?? 0) * zero * (depth - at)) / (depth + 1);
    } else {
      weights[at] = (current * (depth + 1)) / (zero * (depth - at));
    }
  }
  return weights;
}
