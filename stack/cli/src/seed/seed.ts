import { pointId } from '@bizstack/contracts';
import { postLead } from '../crm-webhook';
import { demoLeads } from './demo-leads';

export interface SeedReport {
  readonly leads: number;
  /** How many of them the CRM recognised as a person it had. */
  readonly duplicates: number;
}

/** Sends the demo leads through the CRM's webhook. Done again, it adds nothing: ids and content are the same. */
export async function seed(
  endpoint: { readonly crmUrl: string; readonly webhookSecret: string },
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<SeedReport> {
  const leads = demoLeads();
  let duplicates = 0;
  for (const [index, lead] of leads.entries()) {
    const { duplicateOf } = await postLead(endpoint, lead, pointId(`bizstack-seed/${lead.externalId}`));
    if (duplicateOf != null) duplicates += 1;
    onProgress(index + 1, leads.length);
  }
  return { leads: leads.length, duplicates };
}
