import fc from 'fast-check';
import {
  goesLeft,
  type Tree,
  treeMean,
  type TreeNode,
  treeSchema,
  treeValue,
} from '../../src/scoring/model/tree';
import { addTreeShap } from '../../src/scoring/model/tree-shap';

const COLUMNS = 4;

/** Random trees in which columns come back along a path, as they do in grown ones. */
const trees: fc.Arbitrary<Tree> = fc
  .array(
    fc.record({
      column: fc.nat({ max: COLUMNS - 1 }),
      below: fc.integer({ min: -3, max: 3 }),
      value: fc.double({ min: -2, max: 2, noNaN: true }),
      share: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      leaf: fc.boolean(),
    }),
    { minLength: 31, maxLength: 31 },
  )
  .map((choices) => {
    const nodes: TreeNode[] = [];
    let next = 0;
    const grow = (cover: number, depth: number): number => {
      const { column, below, value, share, leaf } = choices[next++ % choices.length] ?? fail();
      const at = nodes.push({ kind: 'leaf', cover, value }) - 1;
      if (depth > 0 && !(leaf && depth < 3)) {
        const left = grow(cover * share, depth - 1);
        const right = grow(cover * (1 - share), depth - 1);
        nodes[at] = { kind: 'number', cover, column, below, missingLeft: leaf, left, right };
      }
      return at;
    };
    grow(100, 4);
    return treeSchema.parse(nodes);
  });

const rows = fc
  .array(fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constant(NaN)), {
    minLength: COLUMNS,
    maxLength: COLUMNS,
  })
  .map((cells) => Float64Array.from(cells));

test('contributions are the Shapley values of the tree, by the definition over all subsets', () => {
  fc.assert(
    fc.property(trees, rows, (tree, row) => {
      const found = new Float64Array(COLUMNS);
      addTreeShap(tree, row, found);
      for (let column = 0; column < COLUMNS; column += 1) {
        expect(found[column]).toBeCloseTo(shapley(tree, row, column), 8);
      }
    }),
    { numRuns: 60 },
  );
});

test('contributions and mean sum to the value of the row', () => {
  fc.assert(
    fc.property(trees, rows, (tree, row) => {
      const found = new Float64Array(COLUMNS);
      addTreeShap(tree, row, found);
      const total = found.reduce((sum, each) => sum + each, treeMean(tree));
      expect(total).toBeCloseTo(treeValue(tree, row), 8);
    }),
  );
});

test.each([
  [
    'a child before its parent',
    [{ kind: 'number', cover: 2, column: 0, below: 1, missingLeft: true, left: 0, right: 1 }],
  ],
  ['no node', []],
  ['a leaf without rows', [{ kind: 'leaf', cover: 0, value: 1 }]],
])('a stored tree with %s is refused', (_, nodes) => {
  expect(treeSchema.safeParse(nodes).success).toBe(false);
});

function shapley(tree: Tree, row: Float64Array, column: number): number {
  const others = Array.from({ length: COLUMNS }, (_, at) => at).filter((at) => at !== column);
  let total = 0;
  for (let subset = 0; subset < 2 ** others.length; subset += 1) {
    const known = others.filter((_, at) => subset & (1 << at));
    const weight = (factorial(known.length) * factorial(COLUMNS - known.length - 1)) / factorial(COLUMNS);
    total += weight * (expected(tree, row, [...known, column], 0) - expected(tree, row, known, 0));
  }
  return total;
}

/** Value when only some columns are known: the others are averaged over the training rows. */
function expected(tree: Tree, row: Float64Array, known: number[], at: number): number {
  const node = tree[at] ?? fail();
  if (node.kind === 'leaf') return node.value;
  if (known.includes(node.column))
    return expected(tree, row, known, goesLeft(node, row) ? node.left : node.right);
  const share = (child: number) => (tree[child]?.cover ?? 0) / node.cover;
  return [node.left, node.right].reduce(
    (sum, child) => sum + share(child) * expected(tree, row, known, child),
    0,
  );
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

function fail(): never {
  throw new Error('There is no such node.');
}
