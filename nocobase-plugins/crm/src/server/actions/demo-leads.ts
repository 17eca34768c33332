import type { Context, Next } from '@nocobase/actions';
import { addDemoLeads, removeDemoLeads } from '../services/setup/demo-leads';

/** `POST /api/crmLeads:addDemo`: a few leads to look at, marked as demo data. */
export async function addDemo(context: Context, next: Next): Promise<void> {
  context.body = { leads: await addDemoLeads(context.db) };
  await next();
}

/** `POST /api/crmLeads:removeDemo`: takes the marked leads away again. */
export async function removeDemo(context: Context, next: Next): Promise<void> {
  context.body = { removed: await removeDemoLeads(context.db) };
  await next();
}
