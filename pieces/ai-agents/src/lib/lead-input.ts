import type { LeadCaptured } from '@bizstack/contracts';
import { isUuid, pointId } from '@bizstack/contracts/dist/ids';
import { leadCapturedSchema } from '@bizstack/contracts/dist/lead';
import { BizError, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';

const LEAD_EVENT = 'crm.lead.captured';

const objectSchema = z.record(z.string(), z.unknown());
const envelopeSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  type: z.string(),
  data: objectSchema,
});

export interface LeadToScore {
  lead: LeadCaptured;
  capturedEventId: string;
}

/**
 * Reads an event `crm.lead.captured`, or a lead alone. A lead alone may leave out every field but `leadId`;
 * without an event id it gets one that depends on `leadId` only, so that scoring it again is recognised.
 * @throws BizError `BIZ_INPUT_INVALID` naming the wrong field, `BIZ_SCORING_EVENT_TYPE` for another event.
 */
export function readLead(input: unknown, eventId: string | undefined, now: string): LeadToScore {
  const value = parseJsonProp('Event or Lead', input, objectSchema);
  if ('specversion' in value || 'data' in value) {
    const event = parseInput('Event or Lead', value, envelopeSchema);
    if (event.type !== LEAD_EVENT) {
      throw new BizError(
        'BIZ_SCORING_EVENT_TYPE',
        `The event has type "${event.type}", not "${LEAD_EVENT}".`,
        {
          hint: 'Filter by event type in the trigger, or put a Router before this step.',
        },
      );
    }
    return { lead: toLead(event.data, now), capturedEventId: event.id };
  }
  const lead = toLead(value, now);
  const capturedEventId = eventId?.trim() || pointId(`lead/${lead.leadId}`);
  if (!isUuid(capturedEventId)) {
    throw new BizError('BIZ_INPUT_INVALID', '"Event ID" is not a UUID.', {
      hint: 'Give the id of the event that brought the lead, or leave it empty.',
    });
  }
  return { lead, capturedEventId };
}

function toLead(fields: Record<string, unknown>, now: string): LeadCaptured {
  const complete = {
    name: null,
    email: null,
    phone: null,
    company: null,
    jobTitle: null,
    country: null,
    city: null,
    source: 'unknown',
    message: null,
    attributes: {},
    capturedAt: now,
    ...fields,
  };
  // A number is what most tables use as the id of a lead.
  const leadId = typeof fields['leadId'] === 'number' ? String(fields['leadId']) : fields['leadId'];
  return parseInput('Lead', { ...complete, leadId }, leadCapturedSchema);
}
