// The file, not the package's index: that one loads the event library, which scoring does not need.
import { BizError } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';
import { textSchema } from './text';

/** Factors a rule set may have. With the base and similarity reasons this stays under the 50 of a score. */
const FACTORS_MAX = 40;

const points = z.number().min(-100).max(100);
const name = z
  .string()
  .regex(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/, 'use lower-case words joined by dots, for example "source.referral"')
  .max(80);
/** `email`, `jobTitle`, … or `attributes.<name>`; attribute names ignore case, spaces, `_` and `-`. */
const field = z.string().min(1).max(120);
const fields = z.array(field).min(1).max(10);
const outcome = { points, text: textSchema };

/** The highest `from` that the value reaches applies. */
const bands = z
  .array(z.strictObject({ from: z.number(), ...outcome }))
  .min(1)
  .max(20);

const emailDomain = z.strictObject({
  kind: z.literal('email_domain'),
  name,
  business: points,
  freeMail: points,
  disposable: points,
  missing: points,
});
const presence = z.strictObject({ kind: z.literal('presence'), name, field, ...outcome });
const category = z.strictObject({
  kind: z.literal('category'),
  name,
  fields,
  values: z
    .array(z.strictObject({ match: z.array(z.string().min(1).max(100)).min(1).max(100), ...outcome }))
    .min(1)
    .max(50),
});
const keywords = z.strictObject({
  kind: z.literal('keywords'),
  name,
  fields,
  /** `first`: the first group that matches counts alone. `sum`: all that match count, up to `cap`. */
  combine: z.enum(['first', 'sum']),
  cap: z.number().positive().max(100).optional(),
  groups: z
    .array(z.strictObject({ words: z.array(z.string().trim().min(1).max(60)).min(1).max(200), ...outcome }))
    .min(1)
    .max(30),
});
const length = z.strictObject({ kind: z.literal('length'), name, field, bands });
const number = z.strictObject({ kind: z.literal('number'), name, fields, bands });

const factorSchema = z.discriminatedUnion('kind', [
  emailDomain,
  presence,
  category,
  keywords,
  length,
  number,
]);

export type Factor = z.infer<typeof factorSchema>;
export type FactorOf<K extends Factor['kind']> = Extract<Factor, { kind: K }>;

const gradesSchema = z
  .strictObject({ A: z.number(), B: z.number(), C: z.number() })
  .refine(({ A, B, C }) => A > B && B > C, 'A must be above B and B above C');

const factorsSchema = z
  .array(factorSchema)
  .max(FACTORS_MAX)
  .refine((all) => new Set(all.map((factor) => factor.name)).size === all.length, 'names must be unique');

/** Everything that decides a score, in one value that a person can read. */
export const ruleSetSchema = z.strictObject({
  version: z.string().min(1).max(100),
  /** Points every lead starts with. */
  base: points,
  /** Least score of each grade; below C is D. */
  grades: gradesSchema,
  factors: factorsSchema,
});

export type RuleSet = z.infer<typeof ruleSetSchema>;

/**
 * A change to a rule set. A factor with a known name replaces that factor, a new name is added, and the
 * names in `remove` are left out.
 */
export const ruleOverrideSchema = z.strictObject({
  version: z.string().min(1).max(100).optional(),
  base: points.optional(),
  grades: gradesSchema.optional(),
  factors: z.array(factorSchema).max(FACTORS_MAX).optional(),
  remove: z.array(name).max(FACTORS_MAX).optional(),
});

export type RuleOverride = z.infer<typeof ruleOverrideSchema>;

/**
 * Validates an override that came from outside.
 * @throws BizError `BIZ_SCORING_RULES_INVALID` naming every part that is wrong.
 */
export function parseRuleOverride(input: unknown): RuleOverride {
  const parsed = ruleOverrideSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(z.prettifyError(parsed.error), parsed.error);
}

/**
 * The rule set with an override applied. Its version ends in `+custom` unless the override names one, so
 * that no score made by changed rules passes for one made by the original ones.
 * @throws BizError `BIZ_SCORING_RULES_INVALID` when the result is no valid rule set, or `remove` names an
 * unknown factor.
 */
export function applyOverride(rules: RuleSet, override: RuleOverride): RuleSet {
  const known = new Set(rules.factors.map((factor) => factor.name));
  const unknown = (override.remove ?? []).filter((removed) => !known.has(removed));
  if (unknown.length > 0) {
    throw invalid(`remove: no factor ${unknown.join(', ')}. Known: ${[...known].join(', ')}.`);
  }
  const removed = new Set(override.remove);
  const replaced = new Map((override.factors ?? []).map((factor) => [factor.name, factor]));
  const kept = rules.factors
    .filter((factor) => !removed.has(factor.name))
    .map((factor) => replaced.get(factor.name) ?? factor);
  const added = (override.factors ?? []).filter((factor) => !known.has(factor.name));
  const merged = ruleSetSchema.safeParse({
    version: override.version ?? `${rules.version}+custom`,
    base: override.base ?? rules.base,
    grades: override.grades ?? rules.grades,
    factors: [...kept, ...added],
  });
  if (merged.success) return merged.data;
  throw invalid(z.prettifyError(merged.error), merged.error);
}

function invalid(message: string, cause?: unknown): BizError {
  return new BizError('BIZ_SCORING_RULES_INVALID', `The scoring rules are not valid: ${message}`, { cause });
}
