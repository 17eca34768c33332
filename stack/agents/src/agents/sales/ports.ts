import type { AgentUser } from '../../tools/user';
import type { KnowledgeBase } from '../knowledge-base';

export interface BusyTime {
  /** ISO 8601 with offset or Z. */
  start: string;
  end: string;
}

export interface Meeting {
  /** Stable: the same meeting booked again is the same entry. */
  uid: string;
  start: string;
  end: string;
  title: string;
  attendeeEmail: string;
  /** iCalendar (RFC 5545), `METHOD:REQUEST`; send it to the attendee. */
  invite: string;
}

export interface Calendar {
  /** Times that are taken between the two. */
  freeBusy(range: BusyTime, options: { user: AgentUser; signal: AbortSignal }): Promise<BusyTime[]>;
  book(
    meeting: Meeting,
    options: { user: AgentUser; signal: AbortSignal; idempotencyKey: string },
  ): Promise<{ id: string }>;
}

export interface Crm {
  /** Fields of the contact, undefined when there is none. */
  getContact(
    contactId: string,
    options: { user: AgentUser; signal: AbortSignal },
  ): Promise<Record<string, unknown> | undefined>;
  updateContact(
    contactId: string,
    fields: Record<string, string>,
    options: { user: AgentUser; signal: AbortSignal; idempotencyKey: string },
  ): Promise<void>;
}

export interface SalesPorts {
  knowledge: KnowledgeBase;
  crm?: Crm;
  calendar?: Calendar;
  /** Is told of questions that the knowledge base could not answer; the content agent makes topics of them. */
  onUnanswered?(question: string): Promise<void>;
}
