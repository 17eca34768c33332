import type { LeadCaptured, LeadScored } from '@bizstack/contracts';
import { BizError } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';
import type { Finding } from './factors';
import type { Locale } from './text';

/** Most points that a language model may add or take, unless the caller allows less. */
export const ADJUSTMENT_CAP = 10;

const REASON_LENGTH_MAX = 300;

/** What an adjustment must answer; points beyond the cap are cut, not refused. */
export const adjustmentSchema = z.object({ points: z.number(), reason: z.string().trim().min(1) });
export type Adjustment = z.infer<typeof adjustmentSchema>;

/** Asks a language model about a lead and the score so far. Its answer is validated and capped here. */
export type Adjust = (question: { lead: LeadCaptured; scored: LeadScored; cap: number }) => Promise<unknown>;

/**
 * The answer as a finding whose text is marked as the language model's own words: they may repeat what a
 * stranger wrote, so whoever shows or reads the reasons can tell.
 * @throws BizError `BIZ_SCORING_ADJUSTMENT_FAILED` when asking failed or the answer has another shape.
 */
export async function adjustmentFinding(
  adjust: Adjust,
  question: Parameters<Adjust>[0],
  locale: Locale,
): Promise<Finding> {
  const { cap } = question;
  const { points, reason } = await ask(adjust, question);
  const words = reason
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, REASON_LENGTH_MAX);
  const text =
    locale === 'zh'
      ? `语言模型的意见(最多 ±${cap} 分):${words}`
      : `A language model's opinion (±${cap} points at most): ${words}`;
  return { factor: 'llm.adjustment', points: Math.max(-cap, Math.min(cap, points)), text };
}

async function ask(adjust: Adjust, question: Parameters<Adjust>[0]): Promise<Adjustment> {
  try {
    return adjustmentSchema.parse(await adjust(question));
  } catch (cause) {
    throw new BizError(
      'BIZ_SCORING_ADJUSTMENT_FAILED',
      `The language model gave no usable adjustment for lead ${question.lead.leadId}.`,
      { hint: 'The score stands without it.', cause, retryable: true },
    );
  }
}
