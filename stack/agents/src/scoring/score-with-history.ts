import type { LeadCaptured, LeadScored } from '@bizstack/contracts';
import { type Adjust, ADJUSTMENT_CAP, adjustmentFinding } from './adjustment';
import { DEFAULT_RULES } from './default-rules';
import type { LeadModel } from './model/lead-model';
import { rowForColumns } from './model/lead-row';
import { modelFindings } from './model/reasons';
import type { RuleSet } from './rules';
import { scoreLead, type ScoreLeadOptions, scoreOf } from './score-lead';
import { similarityFinding } from './similarity';

export interface ScoreWithHistoryOptions extends ScoreLeadOptions {
  /** Trained model; without one the rules score (cold start). */
  model?: LeadModel | undefined;
  /** Least score of each grade; those of the rules unless told. With a model the score is a chance in percent. */
  grades?: RuleSet['grades'];
  /** Asks a language model. Without it nothing leaves this process. */
  adjust?: Adjust;
  /** Most points the language model may add or take: {@link ADJUSTMENT_CAP} at most. */
  adjustmentCap?: number;
  /** Told when the language model failed; the score then stands without it. */
  onAdjustmentError?: (error: unknown) => void;
}

/**
 * Scores a lead by the model trained on the CRM's history (100 · chance of winning), moved by similar closed
 * deals and, when asked for, by a language model, each within its cap. Contributions sum to the score before it
 * is clamped to 0–100.
 */
export async function scoreLeadWithHistory(
  lead: LeadCaptured,
  options: ScoreWithHistoryOptions,
): Promise<LeadScored> {
  const { adjust, locale = 'en', onAdjustmentError } = options;
  const scored = scoreByModelOrRules(lead, options);
  if (adjust === undefined) return scored;
  const cap = Math.max(0, Math.min(ADJUSTMENT_CAP, options.adjustmentCap ?? ADJUSTMENT_CAP));
  try {
    const finding = await adjustmentFinding(adjust, { lead, scored, cap }, locale);
    const before = scored.reasons.map(({ factor, contribution, text }) => ({
      factor,
      points: contribution,
      text,
    }));
    return scoreOf(lead, [...before, finding], frame(options, scored.model));
  } catch (error) {
    onAdjustmentError?.(error);
    return scored;
  }
}

function scoreByModelOrRules(lead: LeadCaptured, options: ScoreWithHistoryOptions): LeadScored {
  const { model, neighbours = [], locale = 'en' } = options;
  if (model === undefined) return scoreLead(lead, options);
  const findings = modelFindings(model, rowForColumns(lead, model.columns), locale);
  return scoreOf(lead, [...findings, similarityFinding(neighbours, locale)], frame(options, model.version));
}

function frame(
  { capturedEventId, scoredAt, grades, rules = DEFAULT_RULES }: ScoreWithHistoryOptions,
  model: string,
) {
  return { capturedEventId, scoredAt, grades: grades ?? rules.grades, model };
}
