import { z } from 'zod';

const child = z.int().nonnegative();
const cover = z.number().positive();
const value = z.number();
const column = z.int().nonnegative();

/** `cover` is the weight of the training rows that reached the node. */
const leafSchema = z.strictObject({ kind: z.literal('leaf'), cover, value });
const numericSplitSchema = z.strictObject({
  kind: z.literal('number'),
  cover,
  column,
  /** Values below go left. */
  below: z.number(),
  missingLeft: z.boolean(),
  left: child,
  right: child,
});
const levelSplitSchema = z.strictObject({
  kind: z.literal('levels'),
  cover,
  column,
  /** Codes that go left. */
  levels: z.array(z.int().nonnegative()).min(1),
  left: child,
  right: child,
});
const nodeSchema = z.discriminatedUnion('kind', [leafSchema, numericSplitSchema, levelSplitSchema]);

/** Nodes of a decision tree, root first. A child stands after its parent, so that every walk ends. */
export const treeSchema = z
  .array(nodeSchema)
  .min(1)
  .refine(
    (nodes) =>
      nodes.every(
        (node, at) =>
          node.kind === 'leaf' ||
          (node.left > at && node.right > at && node.left < nodes.length && node.right < nodes.length),
      ),
    'a child must stand after its parent',
  )
  .readonly();

export type TreeNode = z.infer<typeof nodeSchema>;
export type SplitNode = Exclude<TreeNode, { kind: 'leaf' }>;
export type Tree = z.infer<typeof treeSchema>;

export function goesLeft(node: SplitNode, row: Float64Array): boolean {
  const cell = row[node.column] ?? NaN;
  if (node.kind === 'levels') return node.levels.includes(cell);
  return Number.isNaN(cell) ? node.missingLeft : cell < node.below;
}

/** Value of the leaf that the row ends in. */
export function treeValue(tree: Tree, row: Float64Array): number {
  let node = tree[0];
  while (node !== undefined && node.kind !== 'leaf') {
    node = tree[goesLeft(node, row) ? node.left : node.right];
  }
  return node?.value ?? 0;
}

/** Mean value over the rows that the tree was made from. */
export function treeMean(tree: Tree): number {
  const root = tree[0]?.cover ?? 1;
  return tree.reduce(
    (total, node) => (node.kind === 'leaf' ? total + (node.value * node.cover) / root : total),
    0,
  );
}
