import { z } from 'zod';

/** Longest free text a lead may carry, in characters. */
export const LEAD_MESSAGE_MAX = 20_000;

const text = (max: number) => z.string().trim().max(max);

/** Facts about a lead that have no field of their own; scoring reads them by name. */
export const leadAttributesSchema = z.record(
  z.string().min(1).max(100),
  z.union([text(500), z.number(), z.boolean(), z.null()]),
);

/** Data of `crm.lead.captured`. */
export const leadCapturedSchema = z.strictObject({
  leadId: z.string().min(1).max(64),
  name: text(200).nullable(),
  email: z.email().max(254).nullable(),
  phone: text(40).nullable(),
  company: text(200).nullable(),
  jobTitle: text(200).nullable(),
  country: text(100).nullable(),
  city: text(100).nullable(),
  /** Where it came from: `web-form`, `webhook`, `import`, … */
  source: text(100),
  message: text(LEAD_MESSAGE_MAX).nullable(),
  attributes: leadAttributesSchema,
  capturedAt: z.iso.datetime(),
});

export type LeadCaptured = z.infer<typeof leadCapturedSchema>;

/** One factor of a score. */
export const scoreReasonSchema = z.strictObject({
  /** Stable name of the factor, for example `email.business_domain`. */
  factor: z.string().min(1).max(100),
  /** Points that this factor added (or took), on the scale of the score. */
  contribution: z.number(),
  /** One sentence for a person. */
  text: z.string().min(1).max(500),
});

export type ScoreReason = z.infer<typeof scoreReasonSchema>;

/** Data of `crm.lead.scored`, and what the scoring step hands back to the CRM. */
export const leadScoredSchema = z.strictObject({
  leadId: z.string().min(1).max(64),
  /** Event that was scored. */
  capturedEventId: z.uuid(),
  /** 0–100. */
  score: z.number().min(0).max(100),
  grade: z.enum(['A', 'B', 'C', 'D']),
  /** Contributions sum to the score before clamping. */
  reasons: z.array(scoreReasonSchema).max(50),
  /** Version of the model or rule set, for example `rules-1`. */
  model: z.string().min(1).max(100),
  scoredAt: z.iso.datetime(),
});

export type LeadScored = z.infer<typeof leadScoredSchema>;
