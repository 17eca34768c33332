import { TOPICS, type Topic } from './names';

/** Topic of each event type. */
export const EVENT_TOPICS = {
  'crm.lead.captured': TOPICS.crm,
  'crm.lead.scored': TOPICS.crm,
  'crm.opportunity.stage_changed': TOPICS.crm,
  'sales.quote.accepted': TOPICS.sales,
  'finance.invoice.received': TOPICS.finance,
  'finance.invoice.approved': TOPICS.finance,
  'finance.payment.settled': TOPICS.finance,
  'content.item.requested': TOPICS.content,
  'content.item.published': TOPICS.content,
  'ops.service.state_changed': TOPICS.ops,
  'audit.action.performed': TOPICS.audit,
} as const satisfies Record<string, Topic>;

export type EventType = keyof typeof EVENT_TOPICS;

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_TOPICS, type);
}
