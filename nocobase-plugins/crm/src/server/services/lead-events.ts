import { type BizEvent, type LeadCaptured, type LeadScored, createEvent } from '@bizstack/contracts';
import type { Model } from '@nocobase/database';
import { leadAttributesSchema } from '@bizstack/contracts';
import { EVENT_SOURCE } from '../constants';

/** `crm.lead.captured` of a lead as it stands in the database. */
export function leadCaptured(lead: Model, capturedAt: Date, id?: string): BizEvent<LeadCaptured> {
  const leadId = String(lead.get('id'));
  return createEvent<LeadCaptured>({
    type: 'crm.lead.captured',
    source: EVENT_SOURCE,
    subject: subjectOf(leadId),
    time: capturedAt,
    ...(id === undefined ? {} : { id }),
    data: {
      leadId,
      name: text(lead, 'name'),
      email: text(lead, 'email'),
      phone: text(lead, 'phone'),
      company: text(lead, 'company'),
      jobTitle: text(lead, 'jobTitle'),
      country: text(lead, 'country'),
      city: text(lead, 'city'),
      source: text(lead, 'source') ?? 'admin',
      message: text(lead, 'message'),
      attributes: leadAttributesSchema.parse(lead.get('attributes') ?? {}),
      capturedAt: capturedAt.toISOString(),
    },
  });
}

export function leadScored(scored: LeadScored): BizEvent<LeadScored> {
  return createEvent<LeadScored>({
    type: 'crm.lead.scored',
    source: EVENT_SOURCE,
    subject: subjectOf(scored.leadId),
    data: scored,
  });
}

function subjectOf(leadId: string): string {
  return `lead/${leadId}`;
}

function text(lead: Model, field: string): string | null {
  const value = lead.get(field);
  return typeof value === 'string' && value !== '' ? value : null;
}
