import type { LeadCaptured, LeadScored, ScoreReason } from '@bizstack/contracts';
import { DEFAULT_RULES } from './default-rules';
import { evaluate, type Finding } from './factors';
import type { RuleSet } from './rules';
import { type Neighbour, similarityFinding } from './similarity';
import type { Locale } from './text';

export interface ScoreLeadOptions {
  /** Id of the event that brought the lead. */
  capturedEventId: string;
  /** ISO 8601, UTC. Given by the caller, so that the same input gives the same score. */
  scoredAt: string;
  rules?: RuleSet;
  /** Closed deals that resemble the lead. */
  neighbours?: readonly Neighbour[];
  /** Language of the reasons; English unless told. */
  locale?: Locale;
}

/**
 * Scores a lead by rules. Contributions sum to the score before it is clamped to 0–100; a factor that
 * changes nothing is not listed. Pure: no clock, no network, no randomness.
 */
export function scoreLead(lead: LeadCaptured, options: ScoreLeadOptions): LeadScored {
  const { rules = DEFAULT_RULES, neighbours = [], locale = 'en' } = options;
  const base: Finding = {
    factor: 'base',
    points: rules.base,
    text: locale === 'zh' ? '每条线索的起始分。' : 'Every lead starts with this.',
  };
  const findings = [
    base,
    ...rules.factors.map((factor) => evaluate(factor, lead, locale)),
    similarityFinding(neighbours, locale),
  ];
  return scoreOf(lead, findings, { ...options, grades: rules.grades, model: rules.version });
}

export interface ScoreFrame extends Pick<ScoreLeadOptions, 'capturedEventId' | 'scoredAt'> {
  grades: RuleSet['grades'];
  /** Version of what made the findings. */
  model: string;
}

/** The score that findings add up to, whoever made them. */
export function scoreOf(
  lead: LeadCaptured,
  findings: readonly (Finding | undefined)[],
  { capturedEventId, scoredAt, grades, model }: ScoreFrame,
): LeadScored {
  const reasons = findings
    .filter((finding) => finding !== undefined)
    .map(toReason)
    .filter((reason) => reason.contribution !== 0);
  const total = round(reasons.reduce((sum, reason) => sum + reason.contribution, 0));
  const score = Math.max(0, Math.min(100, total));
  return {
    leadId: lead.leadId,
    capturedEventId,
    score,
    grade: gradeOf(score, grades),
    reasons,
    model,
    scoredAt,
  };
}

/** The grade of a score: the best one whose least score it reaches. */
export function gradeOf(score: number, grades: RuleSet['grades']): LeadScored['grade'] {
  if (score >= grades.A) return 'A';
  if (score >= grades.B) return 'B';
  return score >= grades.C ? 'C' : 'D';
}

function toReason({ factor, points, text }: Finding): ScoreReason {
  return { factor, contribution: round(points), text: text.slice(0, 500) };
}

/** Two decimals, as the score column keeps; `+ 0` turns -0 into 0. */
function round(value: number): number {
  return Math.round(value * 100) / 100 + 0;
}
