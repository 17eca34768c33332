import {
  type Adjust,
  applyOverride,
  DEFAULT_RULES,
  type LeadModel,
  parseLeadModel,
  parseRuleOverride,
  type RuleSet,
  scoreLeadWithHistory,
} from '@bizstack/agents/scoring';
import { jsonObjectSchema, messageOf, parseJsonProp } from '@bizstack/piece-common';
import { adjustByModel } from './adjust-score';
import type { Connection } from './connection';
import { readLead } from './lead-input';
import { loadLeadModel } from './lead-models';
import { readSimilarDeals } from './similar-deals';

export interface ScoreLeadProps extends ModelProps {
  lead: unknown;
  eventId?: string | undefined;
  similarDeals?: unknown;
  rules?: unknown;
  adjustmentCap?: number | undefined;
  language?: string | undefined;
}

/** Scores the lead of a step. @throws BizError `BIZ_INPUT_INVALID`, `BIZ_SCORING_…`, `BIZ_AI_NOT_CONFIGURED` */
export async function scoreLeadStep(connection: Connection, props: ScoreLeadProps) {
  const scoredAt = new Date().toISOString();
  const { lead, capturedEventId } = readLead(props.lead, props.eventId, scoredAt);
  const cap = props.adjustmentCap ?? 0;
  const adjust: Adjust | undefined = cap > 0 ? adjustByModel(connection) : undefined;
  let adjustmentError: string | undefined;
  const scored = await scoreLeadWithHistory(lead, {
    capturedEventId,
    scoredAt,
    rules: readRules(props.rules),
    neighbours: readSimilarDeals(props.similarDeals),
    locale: props.language === 'zh' ? 'zh' : 'en',
    model: await readModel(connection, props),
    ...(adjust === undefined ? {} : { adjust, adjustmentCap: cap }),
    onAdjustmentError: (error) => {
      adjustmentError = messageOf(error);
    },
  });
  return adjustmentError === undefined ? scored : { ...scored, adjustmentError };
}

function readRules(input: unknown): RuleSet {
  const override = parseJsonProp('Rules', input ?? {}, jsonObjectSchema.optional()) ?? {};
  return Object.keys(override).length === 0
    ? DEFAULT_RULES
    : applyOverride(DEFAULT_RULES, parseRuleOverride(override));
}

interface ModelProps {
  model?: unknown;
  modelName?: string | undefined;
  modelVersion?: string | undefined;
}

async function readModel(
  connection: Connection,
  { model, modelName, modelVersion }: ModelProps,
): Promise<LeadModel | undefined> {
  const given = parseJsonProp('Trained Model', model ?? {}, jsonObjectSchema.optional()) ?? {};
  if (Object.keys(given).length > 0) return parseLeadModel(given);
  const name = modelName?.trim();
  return name ? loadLeadModel(connection, name, modelVersion?.trim() || undefined) : undefined;
}
