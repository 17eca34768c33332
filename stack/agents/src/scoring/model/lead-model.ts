import { createHash } from 'node:crypto';
// The file, not the package's index: that one loads the event library, which scoring does not need.
import { BizError } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';
import { calibrationSchema } from './calibration';
import { COLUMNS_MAX, encodedColumnSchema, widthOfAll } from './encoder';
import { logisticSchema } from './logistic';
import { treeSchema } from './tree';

export const MODEL_FORMAT = 'bizstack-lead-model-1';

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();

/** Measured by cross validation: every row scored by a model that had not seen it. */
const metricsSchema = z.strictObject({
  rows: count,
  won: count,
  lost: count,
  folds: count,
  auc: share,
  aucLogistic: share,
  /** Null when the history was too small to try. */
  aucBoosting: share.nullable(),
  /** Nats per lead. */
  logLoss: z.number().nonnegative(),
  brier: share,
  /** Mean gap between promised and seen share of wins over ten groups. */
  calibrationError: share,
});
export type LeadModelMetrics = z.infer<typeof metricsSchema>;

const contentSchema = z.strictObject({
  format: z.literal(MODEL_FORMAT),
  columns: z.array(encodedColumnSchema).min(1).max(COLUMNS_MAX),
  logistic: logisticSchema,
  boosting: z.strictObject({ base: z.number(), trees: z.array(treeSchema).max(2000) }).nullable(),
  /** Weight of boosting in the blend of log-odds; the rest is the logistic model's. */
  boostingShare: share,
  calibration: calibrationSchema,
  metrics: metricsSchema,
  seed: z.int(),
});
export type LeadModelContent = z.infer<typeof contentSchema>;

export const leadModelSchema = contentSchema
  .extend({
    /** `model-` and the first 12 characters of the content's hash; stands in every score. */
    version: z.string().regex(/^model-[0-9a-f]{12}$/),
    /** SHA-256 of everything but version, hash and time. */
    contentHash: z.string().regex(/^[0-9a-f]{64}$/),
    /** ISO 8601, UTC; given by the caller. */
    trainedAt: z.iso.datetime(),
  })
  .superRefine((model, context) => {
    const width = widthOfAll(model.columns);
    if (model.logistic.weights.length !== width || model.logistic.means.length !== width) {
      context.addIssue({
        code: 'custom',
        path: ['logistic'],
        message: `${width} weights and means are needed`,
      });
    }
    const known = (column: number) => column < model.columns.length;
    const trees = model.boosting?.trees ?? [];
    if (!trees.every((tree) => tree.every((node) => node.kind === 'leaf' || known(node.column)))) {
      context.addIssue({ code: 'custom', path: ['boosting'], message: 'a tree asks for an unknown column' });
    }
    if (model.boosting === null && model.boostingShare > 0) {
      context.addIssue({ code: 'custom', path: ['boostingShare'], message: 'must be 0 without boosting' });
    }
  });

/** A trained model. Plain JSON: store it where you like and read it back with {@link parseLeadModel}. */
export type LeadModel = z.infer<typeof leadModelSchema>;

export function sealModel(content: LeadModelContent, trainedAt: string): LeadModel {
  const contentHash = hashOf(content);
  return { ...content, version: versionOf(contentHash), contentHash, trainedAt };
}

/**
 * Validates a model that was stored somewhere.
 * @throws BizError `BIZ_SCORING_MODEL_INVALID` when it is no model, or was changed since it was trained.
 */
export function parseLeadModel(input: unknown): LeadModel {
  const parsed = leadModelSchema.safeParse(input);
  if (!parsed.success) {
    throw new BizError(
      'BIZ_SCORING_MODEL_INVALID',
      `This is no lead scoring model of the format ${MODEL_FORMAT}: ${z.prettifyError(parsed.error)}.`,
      { hint: 'Train a new one.', cause: parsed.error },
    );
  }
  const { version, contentHash, trainedAt: _, ...content } = parsed.data;
  const actual = hashOf(content);
  if (actual !== contentHash || version !== versionOf(actual)) {
    throw new BizError(
      'BIZ_SCORING_MODEL_INVALID',
      `The lead scoring model ${version} was changed after its training: its content hashes to ${actual}.`,
      { hint: 'Restore the stored model or train a new one.', details: { version, contentHash, actual } },
    );
  }
  return parsed.data;
}

function versionOf(contentHash: string): string {
  return `model-${contentHash.slice(0, 12)}`;
}

function hashOf(content: LeadModelContent): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

/** JSON with sorted keys: databases that store JSON may order them as they like. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`);
  return `{${parts.join(',')}}`;
}
