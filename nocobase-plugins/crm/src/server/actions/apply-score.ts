import type { Context, Next } from '@nocobase/actions';
import { applyScore } from '../services/lead-score';

/** `POST /api/crmLeads:applyScore`: what the scoring step found out. */
export async function applyScoreAction(context: Context, next: Next): Promise<void> {
  context.body = await applyScore(context.db, context.action.params.values);
  await next();
}
