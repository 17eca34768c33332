import { BizError, type LeadScored, leadScoredSchema } from '@bizstack/contracts';
import type { Database } from '@nocobase/database';
import { fieldErrors, invalidFields } from './errors';
import { leadScored } from './lead-events';
import { INTAKE } from './lead-intake';
import { writeEvent } from './outbox';

export interface ScoreResult {
  readonly leadId: string;
  /** False when this score stood there already: nothing was written or announced. */
  readonly applied: boolean;
}

/**
 * Writes a score and announces it, in one transaction. One event is scored once by a model: the same again, or an
 * older score, changes nothing.
 * @throws BizError `BIZ_CRM_VALUES_INVALID`, `BIZ_CRM_LEAD_UNKNOWN`, `BIZ_CRM_EVENT_MISMATCH`.
 */
export async function applyScore(db: Database, values: unknown): Promise<ScoreResult> {
  const parsed = leadScoredSchema.safeParse(values);
  if (!parsed.success) throw invalidFields('BIZ_CRM_VALUES_INVALID', fieldErrors(parsed.error));
  const scored = parsed.data;
  return db.sequelize.transaction(async (transaction) => {
    const lead = /^\d{1,19}$/.test(scored.leadId)
      ? await db.getRepository('crmLeads').findOne({ filterByTk: scored.leadId, transaction, lock: 'UPDATE' })
      : null;
    if (lead === null)
      throw new BizError('BIZ_CRM_LEAD_UNKNOWN', `The lead ${scored.leadId} does not exist.`);
    if (lead.get('capturedEventId') !== scored.capturedEventId) {
      throw new BizError(
        'BIZ_CRM_EVENT_MISMATCH',
        `The lead ${scored.leadId} was not captured by the event ${scored.capturedEventId}.`,
        {
          hint: 'Send the id of the crm.lead.captured event that was scored.',
        },
      );
    }
    const sameModel =
      lead.get('scoredEventId') === scored.capturedEventId && lead.get('scoreModel') === scored.model;
    if (sameModel || isOlder(scored, lead.get('scoredAt'))) return { leadId: scored.leadId, applied: false };
    await db.getRepository('crmLeads').update({
      filterByTk: scored.leadId,
      values: {
        score: scored.score,
        grade: scored.grade,
        scoreReasons: scored.reasons,
        scoreModel: scored.model,
        scoredAt: scored.scoredAt,
        scoredEventId: scored.capturedEventId,
      },
      transaction,
      context: INTAKE,
    });
    await writeEvent(db, leadScored(scored), transaction);
    return { leadId: scored.leadId, applied: true };
  });
}

function isOlder(scored: LeadScored, scoredAt: unknown): boolean {
  return scoredAt instanceof Date && Date.parse(scored.scoredAt) < scoredAt.getTime();
}
