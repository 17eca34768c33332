import type { LeadToCashOrder, LeadToCashStage, Line } from '../client';
import type { BoardState } from './board';

export interface QuoteState {
  readonly number: string;
  readonly revision: number;
  readonly gross: string;
  readonly sentAt: number;
  readonly expiresAt: number;
  readonly reminded: number;
  readonly open: boolean;
}

export interface InvoiceState {
  readonly number: string;
  readonly gross: string;
  readonly charges: string;
  readonly paid: string;
  readonly open: string;
  readonly credit: string;
  readonly refunded: string;
  readonly writtenOff: string;
  readonly dueAt: number;
  readonly remindedBeforeDue: boolean;
  /** Until when interest was charged. */
  readonly interestUntil: number;
  readonly paidAt: number | null;
}

/** All that a new run needs: plain JSON. Fields are added, never renamed: runs are continued across releases. */
export interface LeadToCashCarried {
  readonly order: LeadToCashOrder;
  readonly stage: LeadToCashStage;
  readonly lines: readonly Line[];
  readonly quote: QuoteState | null;
  readonly invoice: InvoiceState | null;
  readonly dunningLevel: number;
  readonly dunningPaused: boolean;
  readonly decisionAsked: boolean;
  /** Payments and refunds by id, with their amounts. */
  readonly booked: Readonly<Record<string, string>>;
  /** How often each kind of step was done. */
  readonly counters: Readonly<Record<string, number>>;
  readonly board: BoardState;
}
