import { TOPICS, type Topic } from './names';

/** Topic of each event type. */
export const EVENT_TOPICS = {
  'crm.lead.captured': TOPICS.crm,
  'crm.lead.scored': TOPICS.crm,
  'crm.opportunity.stage_changed': TOPICS.crm,
  'sales.quote.sent': TOPICS.sales,
  'sales.quote.accepted': TOPICS.sales,
  'sales.quote.declined': TOPICS.sales,
  'sales.quote.expired': TOPICS.sales,
  'sales.quote.cancelled': TOPICS.sales,
  'sales.message.requested': TOPICS.sales,
  'finance.invoice.issued': TOPICS.finance,
  'finance.invoice.overdue': TOPICS.finance,
  'finance.invoice.paid': TOPICS.finance,
  'finance.invoice.written_off': TOPICS.finance,
  'finance.invoice.refunded': TOPICS.finance,
  'finance.invoice.credited': TOPICS.finance,
  'finance.invoice.received': TOPICS.finance,
  'finance.invoice.duplicate': TOPICS.finance,
  'finance.invoice.approved': TOPICS.finance,
  'finance.invoice.rejected': TOPICS.finance,
  'finance.invoice.escalated': TOPICS.finance,
  'finance.invoice.cancelled': TOPICS.finance,
  'finance.invoice.posted': TOPICS.finance,
  'finance.payment.settled': TOPICS.finance,
  'content.item.requested': TOPICS.content,
  'content.item.approved': TOPICS.content,
  'content.item.rejected': TOPICS.content,
  'content.item.published': TOPICS.content,
  'ops.service.state_changed': TOPICS.ops,
  'audit.action.performed': TOPICS.audit,
} as const satisfies Record<string, Topic>;

export type EventType = keyof typeof EVENT_TOPICS;

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_TOPICS, type);
}
