import { CloudEvent } from 'cloudevents';
import { z } from 'zod';
import { BizError, messageOf } from './errors';
import { EVENT_TOPICS, type EventType, isEventType } from './event-types';
import { newEventId } from './ids';
import { leadCapturedSchema, leadScoredSchema } from './lead';
import { messageRequestedSchema, workflowEventSchema } from './workflow-event';

/** Schemas of the data of event types that have one already; the others accept any object. */
const DATA_SCHEMAS: Partial<Record<EventType, z.ZodType>> = {
  'crm.lead.captured': leadCapturedSchema,
  'crm.lead.scored': leadScoredSchema,
  'sales.message.requested': messageRequestedSchema,
  'sales.quote.sent': workflowEventSchema,
  'sales.quote.declined': workflowEventSchema,
  'sales.quote.expired': workflowEventSchema,
  'sales.quote.cancelled': workflowEventSchema,
  'finance.invoice.issued': workflowEventSchema,
  'finance.invoice.overdue': workflowEventSchema,
  'finance.invoice.paid': workflowEventSchema,
  'finance.invoice.written_off': workflowEventSchema,
  'finance.invoice.refunded': workflowEventSchema,
  'finance.invoice.credited': workflowEventSchema,
  'finance.invoice.duplicate': workflowEventSchema,
  'finance.invoice.rejected': workflowEventSchema,
  'finance.invoice.escalated': workflowEventSchema,
  'finance.invoice.cancelled': workflowEventSchema,
  'finance.invoice.posted': workflowEventSchema,
  'content.item.approved': workflowEventSchema,
  'content.item.rejected': workflowEventSchema,
};

const envelopeSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string().min(1),
  type: z.string().min(1),
  subject: z.string().min(1).max(300),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  data: z.record(z.string(), z.unknown()),
});

/** A CloudEvents 1.0 event in JSON form, as it stands in the value of a Kafka message. */
export interface BizEvent<T = Record<string, unknown>> {
  specversion: '1.0';
  /** UUIDv7; the idempotency key. */
  id: string;
  /** URI reference of the producer, for example `/bizstack/crm`. */
  source: string;
  type: EventType;
  /** What the event is about, for example `lead/42`; also the Kafka key. */
  subject: string;
  /** ISO 8601, UTC. */
  time: string;
  datacontenttype: 'application/json';
  data: T;
}

export interface NewEvent<T> {
  type: EventType;
  source: string;
  subject: string;
  data: T;
  id?: string;
  time?: Date;
}

/**
 * Makes a valid event.
 * @throws BizError `BIZ_EVENT_INVALID` when the data does not fit the type's schema.
 */
export function createEvent<T extends Record<string, unknown>>(input: NewEvent<T>): BizEvent<T> {
  const event: BizEvent<T> = {
    specversion: '1.0',
    id: input.id ?? newEventId(),
    source: input.source,
    type: input.type,
    subject: input.subject,
    time: (input.time ?? new Date()).toISOString(),
    datacontenttype: 'application/json',
    data: input.data,
  };
  parseEvent(event);
  return event;
}

/**
 * Validates an event that came from outside (a string, a Buffer or parsed JSON).
 * @throws BizError `BIZ_EVENT_INVALID` naming every field that is wrong.
 */
export function parseEvent(input: unknown): BizEvent {
  let value = input;
  if (typeof input === 'string' || Buffer.isBuffer(input)) {
    try {
      value = JSON.parse(input.toString());
    } catch (cause) {
      throw invalid('The event is not JSON.', cause);
    }
  }
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success) throw invalid(z.prettifyError(envelope.error), envelope.error);
  try {
    // The standard's own rules, beside ours: attribute names, source and time formats.
    new CloudEvent(envelope.data);
  } catch (cause) {
    throw invalid(`Not a CloudEvents 1.0 event: ${messageOf(cause)}`, cause);
  }
  const { type, data } = envelope.data;
  if (!isEventType(type)) {
    throw invalid(`Unknown event type "${type}". Known types: ${Object.keys(EVENT_TOPICS).join(', ')}.`);
  }
  const checked = DATA_SCHEMAS[type]?.safeParse(data);
  if (checked && !checked.success) throw invalid(`data: ${z.prettifyError(checked.error)}`, checked.error);
  return { ...envelope.data, type };
}

function invalid(message: string, cause?: unknown): BizError {
  return new BizError('BIZ_EVENT_INVALID', message, { cause });
}
