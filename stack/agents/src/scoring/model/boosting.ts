import type { Random } from '../../seeded-random';
import { shuffle } from '../../seeded-random';
import { codeCount, type EncodedColumn } from './encoder';
import { countUpTo, sigmoid } from './math';
import { type Tree, type TreeNode, treeValue } from './tree';

export interface BoostingSettings {
  readonly learningRate: number;
  readonly maxLeaves: number;
  readonly minLeafRows: number;
  /** L2 penalty on leaf values. */
  readonly penalty: number;
  /** Share of the rows that each tree sees. */
  readonly rowShare: number;
  /** Share of the columns that each tree sees. */
  readonly columnShare: number;
}

/** More penalty for splits by level: with many levels one of them looks good by chance. */
const LEVEL_PENALTY = 10;
const MIN_GAIN = 1e-6;
/** Sums per bin: gradient, curvature, rows. */
const SUMS = 3;

/** Rows as histogram bins. Bin 0 of a numeric column is "missing"; bins of a categorical one are its codes. */
export interface BinnedRows {
  readonly columns: readonly EncodedColumn[];
  readonly rows: readonly Float64Array[];
  readonly bins: readonly Uint8Array[];
  /** Where each column's sums start in a histogram, and the total. */
  readonly offsets: Int32Array;
}

export function binRows(rows: readonly Float64Array[], columns: readonly EncodedColumn[]): BinnedRows {
  const bins = columns.map((column, c) =>
    Uint8Array.from(rows, (row) => {
      const value = row[c] ?? NaN;
      if (column.kind === 'categorical') return value;
      return Number.isNaN(value) ? 0 : 1 + countUpTo(column.cuts, value);
    }),
  );
  const offsets = new Int32Array(columns.length + 1);
  columns.forEach((column, c) => {
    const count = column.kind === 'numeric' ? column.cuts.length + 2 : codeCount(column.levels);
    offsets[c + 1] = (offsets[c] ?? 0) + count;
  });
  return { columns, rows, bins, offsets };
}

interface Split {
  readonly gain: number;
  readonly column: number;
  /** Per bin of the column: 1 goes left. */
  readonly left: Uint8Array;
  /** For numeric columns: the last bin that goes left. */
  readonly lastBin: number;
}

interface OpenLeaf {
  readonly node: number;
  readonly members: Int32Array;
  readonly histogram: Float64Array;
  readonly gradient: number;
  readonly curvature: number;
  readonly split: Split | undefined;
}

/** Gradient boosting of decision trees on histograms, one tree at a time, for log loss. */
export class Booster {
  readonly trees: Tree[] = [];
  /** Log-odds of every training row by the trees so far, without the base. */
  readonly raw: Float64Array;
  private readonly gradients: Float64Array;
  private readonly curvatures: Float64Array;
  private readonly order: number[];

  constructor(
    private readonly data: BinnedRows,
    private readonly won: Float64Array,
    private readonly base: number,
    private readonly settings: BoostingSettings,
    private readonly random: Random,
  ) {
    this.raw = new Float64Array(won.length);
    this.gradients = new Float64Array(won.length);
    this.curvatures = new Float64Array(won.length);
    this.order = Array.from(won, (_, row) => row);
  }

  /** Adds one tree. */
  grow(): Tree {
    for (let row = 0; row < this.won.length; row += 1) {
      const probability = sigmoid(this.base + (this.raw[row] ?? 0));
      this.gradients[row] = probability - (this.won[row] ?? 0);
      this.curvatures[row] = Math.max(probability * (1 - probability), 1e-9);
    }
    const tree = this.newTree();
    this.trees.push(tree);
    for (let row = 0; row < this.won.length; row += 1) {
      this.raw[row] = (this.raw[row] ?? 0) + treeValue(tree, this.data.rows[row] ?? new Float64Array());
    }
    return tree;
  }

  private newTree(): Tree {
    const { rowShare, maxLeaves } = this.settings;
    const rowCount = Math.max(1, Math.round(rowShare * this.order.length));
    const members = Int32Array.from(shuffle(this.order, this.random).slice(0, rowCount)).sort();
    const columns = this.someColumns();
    const nodes: TreeNode[] = [];
    const open: OpenLeaf[] = [this.openLeaf(nodes, members, columns, this.histogramOf(members, columns))];
    for (let leaves = 1; leaves < maxLeaves; leaves += 1) {
      const best = open.reduce<OpenLeaf | undefined>(
        (found, leaf) => (leaf.split && leaf.split.gain > (found?.split?.gain ?? MIN_GAIN) ? leaf : found),
        undefined,
      );
      if (best?.split === undefined) break;
      open.splice(open.indexOf(best), 1, ...this.divide(nodes, best, best.split, columns));
    }
    return nodes;
  }

  private someColumns(): number[] {
    const all = this.data.columns.map((_, c) => c);
    const count = Math.max(1, Math.round(this.settings.columnShare * all.length));
    return shuffle(all, this.random)
      .slice(0, count)
      .sort((a, b) => a - b);
  }

  private openLeaf(
    nodes: TreeNode[],
    members: Int32Array,
    columns: readonly number[],
    histogram: Float64Array,
  ): OpenLeaf {
    let gradient = 0;
    let curvature = 0;
    for (const row of members) {
      gradient += this.gradients[row] ?? 0;
      curvature += this.curvatures[row] ?? 0;
    }
    const { learningRate, penalty, minLeafRows } = this.settings;
    const value = (-learningRate * gradient) / (curvature + penalty);
    nodes.push({ kind: 'leaf', cover: members.length, value });
    const split =
      members.length < 2 * minLeafRows ? undefined : this.bestSplit(columns, histogram, gradient, curvature);
    return { node: nodes.length - 1, members, histogram, gradient, curvature, split };
  }

  private divide(nodes: TreeNode[], leaf: OpenLeaf, split: Split, columns: readonly number[]): OpenLeaf[] {
    const bins = this.data.bins[split.column] ?? new Uint8Array();
    const [left, right] = partition(leaf.members, bins, split.left);
    // Sums of the larger side are what the smaller leaves of the parent's.
    const smaller = this.histogramOf(left.length <= right.length ? left : right, columns);
    const larger = leaf.histogram;
    for (let at = 0; at < larger.length; at += 1) larger[at] = (larger[at] ?? 0) - (smaller[at] ?? 0);
    const [leftSums, rightSums] = left.length <= right.length ? [smaller, larger] : [larger, smaller];
    const parts = [
      this.openLeaf(nodes, left, columns, leftSums),
      this.openLeaf(nodes, right, columns, rightSums),
    ];
    nodes[leaf.node] = this.splitNode(split, leaf.members.length, parts[0]?.node ?? 0, parts[1]?.node ?? 0);
    return parts;
  }

  private splitNode(split: Split, cover: number, left: number, right: number): TreeNode {
    const column = this.data.columns[split.column];
    if (column?.kind === 'numeric') {
      return {
        kind: 'number',
        cover,
        column: split.column,
        below: column.cuts[split.lastBin - 1] ?? Number.MAX_VALUE,
        missingLeft: split.left[0] === 1,
        left,
        right,
      };
    }
    const levels = Array.from(split.left, (goes, code) => (goes === 1 ? code : -1)).filter(
      (code) => code >= 0,
    );
    return { kind: 'levels', cover, column: split.column, levels, left, right };
  }

  private histogramOf(members: Int32Array, columns: readonly number[]): Float64Array {
    const { offsets, bins } = this.data;
    const sums = new Float64Array((offsets[offsets.length - 1] ?? 0) * SUMS);
    for (const column of columns) {
      const offset = offsets[column] ?? 0;
      const of = bins[column] ?? new Uint8Array();
      for (const row of members) {
        const at = (offset + (of[row] ?? 0)) * SUMS;
        sums[at] = (sums[at] ?? 0) + (this.gradients[row] ?? 0);
        sums[at + 1] = (sums[at + 1] ?? 0) + (this.curvatures[row] ?? 0);
        sums[at + 2] = (sums[at + 2] ?? 0) + 1;
      }
    }
    return sums;
  }

  private bestSplit(
    columns: readonly number[],
    histogram: Float64Array,
    gradient: number,
    curvature: number,
  ): Split | undefined {
    let best: Split | undefined;
    for (const column of columns) {
      const from = this.data.offsets[column] ?? 0;
      const to = this.data.offsets[column + 1] ?? 0;
      const sums = histogram.subarray(from * SUMS, to * SUMS);
      const split =
        this.data.columns[column]?.kind === 'numeric'
          ? this.bestThreshold(column, sums, gradient, curvature)
          : this.bestLevels(column, sums, gradient, curvature);
      if (split && split.gain > (best?.gain ?? MIN_GAIN)) best = split;
    }
    return best;
  }

  private bestThreshold(
    column: number,
    sums: Float64Array,
    gradient: number,
    curvature: number,
  ): Split | undefined {
    const count = sums.length / SUMS;
    const missing = { g: sums[0] ?? 0, h: sums[1] ?? 0, n: Math.round(sums[2] ?? 0) };
    const rows = rowsIn(sums);
    let best: { gain: number; lastBin: number; missingLeft: boolean } | undefined;
    let [g, h, n] = [0, 0, 0];
    for (let bin = 1; bin < count - 1; bin += 1) {
      g += sums[bin * SUMS] ?? 0;
      h += sums[bin * SUMS + 1] ?? 0;
      n += Math.round(sums[bin * SUMS + 2] ?? 0);
      for (const missingLeft of missing.n > 0 ? [true, false] : [n > rows - n]) {
        const [lg, lh, ln] = missingLeft ? [g + missing.g, h + missing.h, n + missing.n] : [g, h, n];
        const gain = this.gain(lg, lh, ln, gradient, curvature, rows, this.settings.penalty);
        if (gain > (best?.gain ?? MIN_GAIN)) best = { gain, lastBin: bin, missingLeft };
      }
    }
    if (best === undefined) return undefined;
    const { gain, lastBin, missingLeft } = best;
    const left = Uint8Array.from({ length: count }, (_, bin) =>
      Number(bin === 0 ? missingLeft : bin <= lastBin),
    );
    return { gain, column, left, lastBin };
  }

  /** Levels in order of how well they convert here, cut at the best place. */
  private bestLevels(
    column: number,
    sums: Float64Array,
    gradient: number,
    curvature: number,
  ): Split | undefined {
    const penalty = this.settings.penalty + LEVEL_PENALTY;
    const rows = rowsIn(sums);
    const seen = Array.from({ length: sums.length / SUMS }, (_, code) => code)
      .filter((code) => Math.round(sums[code * SUMS + 2] ?? 0) > 0)
      .map((code) => ({
        code,
        order: (sums[code * SUMS] ?? 0) / ((sums[code * SUMS + 1] ?? 0) + LEVEL_PENALTY),
      }))
      .sort((a, b) => a.order - b.order || a.code - b.code);
    let best: { gain: number; taken: number; rows: number } | undefined;
    let [g, h, n] = [0, 0, 0];
    for (let taken = 1; taken < seen.length; taken += 1) {
      const at = (seen[taken - 1]?.code ?? 0) * SUMS;
      g += sums[at] ?? 0;
      h += sums[at + 1] ?? 0;
      n += Math.round(sums[at + 2] ?? 0);
      const gain = this.gain(g, h, n, gradient, curvature, rows, penalty);
      if (gain > (best?.gain ?? MIN_GAIN)) best = { gain, taken, rows: n };
    }
    if (best === undefined) return undefined;
    // A level that no row here has goes with the majority.
    const left = new Uint8Array(sums.length / SUMS).fill(best.rows > rows - best.rows ? 1 : 0);
    seen.forEach(({ code }, at) => (left[code] = at < (best?.taken ?? 0) ? 1 : 0));
    return { gain: best.gain, column, left, lastBin: 0 };
  }

  private gain(
    g: number,
    h: number,
    n: number,
    gradient: number,
    curvature: number,
    rows: number,
    penalty: number,
  ): number {
    if (n < this.settings.minLeafRows || rows - n < this.settings.minLeafRows) return 0;
    const value = (a: number, b: number) => (a * a) / (b + penalty);
    return value(g, h) + value(gradient - g, curvature - h) - value(gradient, curvature);
  }
}

function partition(members: Int32Array, bins: Uint8Array, goesLeft: Uint8Array): [Int32Array, Int32Array] {
  const left = new Int32Array(members.length);
  const right = new Int32Array(members.length);
  let [lefts, rights] = [0, 0];
  for (const row of members) {
    if (goesLeft[bins[row] ?? 0] === 1) left[lefts++] = row;
    else right[rights++] = row;
  }
  return [left.subarray(0, lefts), right.subarray(0, rights)];
}

function rowsIn(sums: Float64Array): number {
  let rows = 0;
  for (let at = 2; at < sums.length; at += SUMS) rows += Math.round(sums[at] ?? 0);
  return rows;
}
