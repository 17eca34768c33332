import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  isCancellation,
  patched,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { InvoiceAmounts } from '../activities/sales';
import {
  LEAD_TO_CASH_SIGNALS,
  LEAD_TO_CASH_UPDATES,
  type LeadToCashInput,
  leadToCashInputSchema,
  type LeadToCashOrder,
  type LeadToCashResult,
  type LeadToCashStage,
  type LeadToCashState,
  type recordPaymentSchema,
} from '../client/lead-to-cash';
import { formatMoney, interestFor, parseMoney } from '../domain/money';
import { totalsOf } from '../domain/totals';
import type { z } from 'zod';
import { books } from './books';
import { causeOf } from './failure';
import { parseInput, refuse } from './input';
import type { InvoiceState, LeadToCashCarried, QuoteState } from './lead-to-cash-state';
import { DAY_MS, type Deadline, Process, requireStage } from './process';
import type { View } from './board';

/** A message that nobody takes for a day has failed. */
const messages = proxyActivities<Activities>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '1s', maximumInterval: '10 minutes' },
});

const FINAL: readonly LeadToCashStage[] = [
  'refunded',
  'written_off',
  'declined',
  'expired',
  'cancelled',
  'failed',
];
const OWING: readonly LeadToCashStage[] = ['awaiting_payment', 'overdue'];

/**
 * From a qualified lead to money in the bank: quote, acceptance, invoice, payment with reminders and dunning,
 * write-off or refund. Runs for months; every step is booked once.
 */
export async function leadToCash(
  input: LeadToCashInput,
  carried?: LeadToCashCarried,
): Promise<LeadToCashResult> {
  return new LeadToCash(
    carried?.order ?? parseInput('leadToCash', leadToCashInputSchema, input),
    input,
    carried,
  ).run();
}

class LeadToCash extends Process<LeadToCashState> {
  private stage: LeadToCashStage;
  private lines: LeadToCashCarried['lines'];
  private quote: QuoteState | null;
  private invoice: InvoiceState | null;
  private dunningLevel: number;
  private dunningPaused: boolean;
  private decisionAsked: boolean;
  private closing = false;
  private readonly booked: Record<string, string>;
  private readonly counters: Record<string, number>;

  constructor(
    private readonly order: LeadToCashOrder,
    private readonly input: LeadToCashInput,
    carried: LeadToCashCarried | undefined,
  ) {
    super(carried?.board);
    this.stage = carried?.stage ?? 'quoting';
    this.lines = carried?.lines ?? order.lines;
    this.quote = carried?.quote ?? null;
    this.invoice = carried?.invoice ?? null;
    this.dunningLevel = carried?.dunningLevel ?? 0;
    this.dunningPaused = carried?.dunningPaused ?? false;
    this.decisionAsked = carried?.decisionAsked ?? false;
    this.booked = { ...carried?.booked };
    this.counters = { ...carried?.counters };
    this.listen();
  }

  async run(): Promise<LeadToCashResult> {
    try {
      requireTotal(this.lines, this.order.currency);
      await this.loop(() => this.continueInNewRun());
      return this.result();
    } catch (error) {
      if (!isCancellation(error) && !(error instanceof ActivityFailure)) throw error;
      const cancelled = isCancellation(error);
      const reason = cancelled ? 'the workflow was cancelled' : causeOf(error).message;
      await CancellationScope.nonCancellable(() => this.takeBack(null, reason));
      this.stage = cancelled ? 'cancelled' : 'failed';
      this.board.note(`${this.stage}: ${reason}`);
      this.board.show({ ...this.view(), waitingFor: null });
      if (cancelled) throw error;
      const { type, message } = causeOf(error);
      throw ApplicationFailure.create({
        type,
        message: `leadToCash was taken back, because a step failed: ${message}`,
        nonRetryable: true,
        ...(error instanceof Error ? { cause: error } : {}),
      });
    }
  }

  state(): LeadToCashState {
    const { quote, invoice } = this;
    const { currency, leadId } = this.order;
    const zero = formatMoney(0n, currency);
    return {
      stage: this.stage,
      ...{ leadId, currency },
      quote: quote && {
        number: quote.number,
        revision: quote.revision,
        gross: quote.gross,
        expiresAt: new Date(quote.expiresAt).toISOString(),
      },
      invoice: invoice && {
        number: invoice.number,
        gross: invoice.gross,
        dueAt: new Date(invoice.dueAt).toISOString(),
      },
      lateCharges: invoice?.charges ?? zero,
      paid: invoice?.paid ?? zero,
      open: invoice?.open ?? zero,
      credit: invoice?.credit ?? zero,
      refunded: invoice?.refunded ?? zero,
      dunningLevel: this.dunningLevel,
      dunningPaused: this.dunningPaused,
      waitingFor: this.waitingFor(),
    };
  }

  protected finished(): boolean {
    return FINAL.includes(this.stage) || (this.stage === 'paid' && this.closing);
  }

  protected view(): View {
    const amount = this.invoice?.open ?? this.quote?.gross;
    const dueAt = this.next()?.at;
    return {
      stage: this.stage,
      subject: `lead/${this.order.leadId}`,
      ...(amount === undefined ? {} : { amount: Number(amount) }),
      ...(dueAt === undefined ? {} : { dueAt }),
      waitingFor: this.waitingFor(),
      title: this.title(),
      details: {
        customer: this.order.customer.name,
        amount: amount ?? null,
        currency: this.order.currency,
        quote: this.quote?.number ?? null,
        invoice: this.invoice?.number ?? null,
      },
    };
  }

  /** What the workflow does by itself next. */
  protected next(): Deadline | undefined {
    const { stage, quote, invoice } = this;
    if (stage === 'quoting') return { at: 0, act: () => this.sendQuote() };
    if (stage === 'quote_sent' && quote) return this.nextOfQuote(quote);
    if (stage === 'invoicing') return { at: 0, act: () => this.issueInvoice() };
    if (OWING.includes(stage) && invoice) return this.nextOfInvoice(invoice);
    if (stage === 'paid') {
      const end = (invoice?.paidAt ?? 0) + this.order.terms.refundWindowDays * DAY_MS;
      return { at: end, act: async () => void (this.closing = true) };
    }
    return undefined;
  }

  private nextOfQuote(quote: QuoteState): Deadline {
    const expiry: Deadline = {
      at: quote.expiresAt,
      act: () => this.endQuote('expired', null, 'nobody accepted it in time'),
    };
    const day = this.order.terms.quoteReminderDays[quote.reminded];
    if (day === undefined) return expiry;
    const at = quote.sentAt + day * DAY_MS;
    return at < expiry.at ? { at, act: () => this.remindOfQuote(quote) } : expiry;
  }

  private nextOfInvoice(invoice: InvoiceState): Deadline | undefined {
    const { reminderDaysBeforeDue, dunning, writeOffDecisionDays, autoWriteOff } = this.order.terms;
    if (this.dunningPaused) return undefined;
    if (!invoice.remindedBeforeDue && reminderDaysBeforeDue > 0) {
      return { at: invoice.dueAt - reminderDaysBeforeDue * DAY_MS, act: () => this.remindOfPayment(invoice) };
    }
    if (this.stage === 'awaiting_payment') {
      return { at: invoice.dueAt, act: async () => this.enter('overdue') };
    }
    const level = dunning[this.dunningLevel];
    if (level !== undefined) {
      return { at: invoice.dueAt + level.afterDays * DAY_MS, act: () => this.dun(invoice, level.fee) };
    }
    if (this.decisionAsked) return undefined;
    const last = dunning.at(-1)?.afterDays ?? 0;
    return {
      at: invoice.dueAt + (last + writeOffDecisionDays) * DAY_MS,
      act: async () => {
        if (autoWriteOff) return this.writeOff(null, 'nobody paid after the last level of dunning');
        this.decisionAsked = true;
        this.board.note('a decision about writing off is asked for');
      },
    };
  }

  private waitingFor(): string | null {
    if (this.stage === 'quote_sent') return 'quote_acceptance';
    if (OWING.includes(this.stage)) return this.decisionAsked ? 'write_off_decision' : 'payment';
    return null;
  }

  private title(): string {
    const { name } = this.order.customer;
    if (this.stage === 'quote_sent') return `Quote ${this.quote?.number} to ${name}`;
    return this.invoice ? `Invoice ${this.invoice.number} of ${name}` : name;
  }

  private listen(): void {
    this.handleUpdates(LEAD_TO_CASH_UPDATES, {
      acceptQuote: {
        allow: () => requireStage('acceptQuote', this.stage, ['quote_sent']),
        run: async ({ by, purchaseOrder }) => {
          await this.setQuoteStatus('accepted', by, purchaseOrder ?? null);
          this.enter('invoicing', by);
        },
      },
      declineQuote: {
        allow: () => requireStage('declineQuote', this.stage, ['quote_sent']),
        run: ({ by, reason }) => this.endQuote('declined', by, reason),
      },
      reviseQuote: {
        allow: ({ lines }) => {
          requireStage('reviseQuote', this.stage, ['quote_sent']);
          requireTotal(lines, this.order.currency);
        },
        run: async ({ by, lines }) => {
          this.lines = lines;
          this.board.note('quote revised', by);
          this.board.askAgain();
          await this.sendQuote();
        },
      },
      extendQuote: {
        allow: () => requireStage('extendQuote', this.stage, ['quote_sent']),
        run: ({ by, days }) => this.extendQuote(by, days),
      },
      recordPayment: {
        allow: (payment) => this.allowPayment(payment),
        run: (payment) => this.bookPayment(payment),
      },
      extendPaymentTerm: {
        allow: () => requireStage('extendPaymentTerm', this.stage, OWING),
        run: ({ by, days }) => this.extendTerm(by, days),
      },
      writeOff: {
        allow: () => requireStage('writeOff', this.stage, OWING),
        run: ({ by, reason }) => this.writeOff(by, reason),
      },
      refund: {
        allow: ({ refundId, amount }) => {
          requireStage('refund', this.stage, ['paid']);
          this.requireSameAmount(`refund:${refundId}`, amount);
          this.requireRefundable(`refund:${refundId}`, amount);
        },
        run: (refund) => this.refund(refund),
      },
      close: {
        allow: () => requireStage('close', this.stage, ['paid']),
        run: async ({ by }) => {
          this.board.note('closed', by);
          this.closing = true;
        },
      },
      cancelOrder: {
        allow: () => {
          requireStage('cancelOrder', this.stage, ['quoting', 'quote_sent', 'invoicing', ...OWING]);
          if (this.invoice && /[1-9]/.test(this.invoice.paid)) {
            throw refuse(
              'BIZ_STATE_REFUSED',
              `${this.invoice.paid} was paid already: write the rest off instead.`,
            );
          }
        },
        run: async ({ by, reason }) => {
          await this.takeBack(by, reason);
          this.enter('cancelled', by);
        },
      },
    });
    this.handleSignals(LEAD_TO_CASH_SIGNALS, {
      paymentReceived: {
        allow: (payment) => this.allowPayment(payment),
        run: (payment) => this.bookPayment(payment),
      },
      pauseDunning: {
        allow: () => requireStage('pauseDunning', this.stage, OWING),
        run: async ({ by }) => this.setDunningPaused(true, by),
      },
      resumeDunning: {
        allow: () => requireStage('resumeDunning', this.stage, OWING),
        run: async ({ by }) => this.setDunningPaused(false, by),
      },
      compact: { allow: () => undefined, run: async () => this.compactSoon() },
    });
  }

  private enter(stage: LeadToCashStage, by?: string): void {
    this.stage = stage;
    this.board.note(stage, by);
  }

  /** A step that may be done several times has a number at each. */
  private numbered(name: string): { workflowId: string; step: string; at: string } {
    const count = (this.counters[name] ?? 0) + 1;
    this.counters[name] = count;
    return this.step(`${name}:${count}`);
  }

  private async sendQuote(): Promise<void> {
    const { leadId, customer, currency, terms } = this.order;
    const revision = (this.quote?.revision ?? 0) + 1;
    const sentAt = Date.now();
    const expiresAt = sentAt + terms.quoteValidDays * DAY_MS;
    const made = await books.createQuote({
      ...this.step(`quote:${revision}`),
      ...{ revision, leadId, customer, currency, lines: this.lines },
      expiresAt: new Date(expiresAt).toISOString(),
    });
    this.quote = { ...made, revision, sentAt, expiresAt, reminded: 0, open: true };
    await this.say('quote', {
      number: made.number,
      gross: made.gross,
      expiresAt: new Date(expiresAt).toISOString(),
    });
    this.enter('quote_sent');
  }

  private async remindOfQuote(quote: QuoteState): Promise<void> {
    await this.say('quote_reminder', {
      number: quote.number,
      expiresAt: new Date(quote.expiresAt).toISOString(),
    });
    this.quote = { ...quote, reminded: quote.reminded + 1 };
    this.board.note('reminded of the quote');
  }

  private async extendQuote(by: string, days: number): Promise<void> {
    const quote = this.requireQuote();
    const expiresAt = quote.expiresAt + days * DAY_MS;
    await books.extendQuote({
      ...this.numbered('quote-extended'),
      number: quote.number,
      expiresAt: new Date(expiresAt).toISOString(),
    });
    this.quote = { ...quote, expiresAt };
    this.board.note(`quote extended by ${days} days`, by);
  }

  private async endQuote(status: 'declined' | 'expired', by: string | null, reason: string): Promise<void> {
    await this.setQuoteStatus(status, by, reason);
    this.enter(status, by ?? undefined);
  }

  private async setQuoteStatus(
    status: 'accepted' | 'declined' | 'expired' | 'cancelled',
    by: string | null,
    reason: string | null,
  ): Promise<void> {
    const quote = this.requireQuote();
    await books.setQuoteStatus({ ...this.step(`quote-${status}`), number: quote.number, status, by, reason });
    this.quote = { ...quote, open: false };
  }

  private async issueInvoice(): Promise<void> {
    const quote = this.requireQuote();
    const dueAt = Date.now() + this.order.terms.paymentTermDays * DAY_MS;
    const due = new Date(dueAt).toISOString();
    const amounts = await books.issueInvoice({
      ...this.step('invoice'),
      quoteNumber: quote.number,
      dueAt: due,
    });
    this.invoice = { ...amounts, dueAt, remindedBeforeDue: false, interestUntil: dueAt, paidAt: null };
    await this.say('invoice', { number: amounts.number, gross: amounts.gross, dueAt: due });
    this.enter('awaiting_payment');
  }

  private async remindOfPayment(invoice: InvoiceState): Promise<void> {
    await this.say('payment_reminder', {
      number: invoice.number,
      open: invoice.open,
      dueAt: new Date(invoice.dueAt).toISOString(),
    });
    this.invoice = { ...invoice, remindedBeforeDue: true };
    this.board.note('reminded of the payment');
  }

  private async dun(invoice: InvoiceState, fee: string): Promise<void> {
    const { currency, terms } = this.order;
    const open = parseMoney(invoice.open, currency);
    const unpaid = parseMoney(invoice.gross, currency) - parseMoney(invoice.paid, currency);
    const days = Math.floor((Date.now() - invoice.interestUntil) / DAY_MS);
    // No interest on fees and on interest.
    const interest = formatMoney(
      interestFor(
        unpaid < open ? (unpaid > 0n ? unpaid : 0n) : open,
        terms.lateInterestPercent,
        Math.max(0, days),
      ),
      currency,
    );
    const level = this.dunningLevel + 1;
    const amounts = await books.chargeLateness({ ...this.numbered('dunning'), level, fee, interest });
    this.takeAmounts(amounts, { interestUntil: invoice.interestUntil + Math.max(0, days) * DAY_MS });
    this.dunningLevel = level;
    await this.say('dunning', { number: invoice.number, level, fee, interest, open: amounts.open });
    this.board.note(`dunning level ${level}`);
  }

  private setDunningPaused(paused: boolean, by: string): void {
    this.dunningPaused = paused;
    this.board.note(paused ? 'dunning paused' : 'dunning resumed', by);
  }

  private async extendTerm(by: string, days: number): Promise<void> {
    const invoice = this.requireInvoice();
    const dueAt = Math.max(invoice.dueAt, Date.now()) + days * DAY_MS;
    await books.extendDueDate({ ...this.numbered('term-extended'), dueAt: new Date(dueAt).toISOString() });
    this.invoice = { ...invoice, dueAt, remindedBeforeDue: false, interestUntil: dueAt };
    this.dunningLevel = 0;
    this.decisionAsked = false;
    this.enter('awaiting_payment', by);
  }

  private allowPayment({ paymentId, amount }: z.output<typeof recordPaymentSchema>): void {
    if (this.booked[`payment:${paymentId}`] === undefined) {
      requireStage('recordPayment', this.stage, OWING);
      parsed(amount, this.order.currency);
    }
    this.requireSameAmount(`payment:${paymentId}`, amount);
  }

  private async bookPayment({
    paymentId,
    amount,
    method,
  }: z.output<typeof recordPaymentSchema>): Promise<void> {
    const key = `payment:${paymentId}`;
    if (this.booked[key] !== undefined) return;
    const amounts = await books.bookPayment({ ...this.step(key), paymentId, amount, method });
    this.booked[key] = amount;
    const settled = !/[1-9]/.test(amounts.open);
    this.takeAmounts(amounts, { paidAt: settled ? Date.now() : null });
    this.board.note(`payment of ${amount} ${this.order.currency}`);
    if (!settled) return;
    this.enter('paid');
    // Runs that were paid before this was added have no such step.
    if (patched('payment-receipt')) await this.sendReceipt(amounts.number, amounts.paid);
  }

  /** The money is there: a receipt that nobody takes changes nothing about that. */
  private async sendReceipt(number: string, paid: string): Promise<void> {
    try {
      await this.say('payment_receipt', { number, paid });
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      this.board.note(`the receipt was not delivered: ${causeOf(error).message}`);
    }
  }

  private async refund(refund: {
    refundId: string;
    amount: string;
    by: string;
    reason: string;
  }): Promise<void> {
    const key = `refund:${refund.refundId}`;
    if (this.booked[key] !== undefined) return;
    const amounts = await books.bookRefund({ ...this.step(key), ...refund });
    this.booked[key] = refund.amount;
    this.takeAmounts(amounts, {});
    this.board.note(`refund of ${refund.amount} ${this.order.currency}`, refund.by);
    if (amounts.refunded === amounts.paid && !/[1-9]/.test(amounts.credit)) this.enter('refunded');
  }

  private async writeOff(by: string | null, reason: string): Promise<void> {
    this.takeAmounts(await books.writeOffInvoice({ ...this.step('write-off'), by, reason }), {});
    this.enter('written_off', by ?? undefined);
  }

  /** The saga: undoes what was done, the latest first. Each part does nothing when there is nothing to undo. */
  private async takeBack(by: string | null, reason: string): Promise<void> {
    const { stage, quote } = this;
    if (['paid', 'refunded', 'written_off', 'declined', 'expired', 'cancelled'].includes(stage)) return;
    const credited = await books.creditInvoice({ ...this.step('credit-note'), by, reason });
    if (credited) this.takeAmounts(credited, {});
    if (quote) {
      await books.setQuoteStatus({
        ...this.step('quote-cancelled'),
        number: quote.number,
        status: 'cancelled',
        by,
        reason,
      });
    }
  }

  private async say(template: string, values: Readonly<Record<string, unknown>>): Promise<void> {
    const { customer, currency } = this.order;
    await messages.sendMessage({
      ...this.numbered(`message-${template}`),
      template,
      to: customer.email,
      values: { ...values, currency, customer: customer.name },
    });
  }

  private takeAmounts(amounts: InvoiceAmounts, more: Partial<InvoiceState>): void {
    const before = this.invoice ?? {
      dueAt: 0,
      remindedBeforeDue: false,
      interestUntil: 0,
      paidAt: null,
    };
    this.invoice = { ...before, ...amounts, ...more };
  }

  private requireSameAmount(key: string, amount: string): void {
    const known = this.booked[key];
    if (known !== undefined && known !== amount) {
      throw refuse('BIZ_AMOUNT_DIFFERS', `${key} was booked with ${known} already, not ${amount}.`);
    }
  }

  private requireRefundable(key: string, amount: string): void {
    if (this.booked[key] !== undefined) return;
    const { currency } = this.order;
    const { paid, refunded, credit } = this.requireInvoice();
    const left = parseMoney(paid, currency) - parseMoney(refunded, currency) + parseMoney(credit, currency);
    if (parsed(amount, currency) > left) {
      throw refuse(
        'BIZ_REFUND_TOO_HIGH',
        `${amount} cannot be refunded: ${formatMoney(left, currency)} is left.`,
      );
    }
  }

  private requireQuote(): QuoteState {
    if (!this.quote) throw refuse('BIZ_STATE_REFUSED', 'There is no quote yet.');
    return this.quote;
  }

  private requireInvoice(): InvoiceState {
    if (!this.invoice) throw refuse('BIZ_STATE_REFUSED', 'There is no invoice yet.');
    return this.invoice;
  }

  private result(): LeadToCashResult {
    const { stage, invoice } = this;
    const { currency } = this.order;
    const zero = formatMoney(0n, currency);
    return {
      outcome: outcomeOf(stage),
      quoteNumber: this.quote?.number ?? null,
      invoiceNumber: invoice?.number ?? null,
      paid: invoice?.paid ?? zero,
      refunded: invoice?.refunded ?? zero,
      writtenOff: invoice?.writtenOff ?? zero,
      currency,
    };
  }

  private continueInNewRun(): Promise<never> {
    const {
      order,
      stage,
      lines,
      quote,
      invoice,
      dunningLevel,
      dunningPaused,
      decisionAsked,
      booked,
      counters,
    } = this;
    return continueAsNew<typeof leadToCash>(this.input, {
      ...{
        order,
        stage,
        lines,
        quote,
        invoice,
        dunningLevel,
        dunningPaused,
        decisionAsked,
        booked,
        counters,
      },
      board: this.board.carry(),
    });
  }
}

function outcomeOf(stage: LeadToCashStage): LeadToCashResult['outcome'] {
  switch (stage) {
    case 'paid':
    case 'refunded':
    case 'written_off':
    case 'declined':
    case 'expired':
    case 'cancelled':
      return stage;
    default:
      throw refuse('BIZ_STATE_REFUSED', `The workflow ended in the stage "${stage}".`);
  }
}

function requireTotal(lines: LeadToCashCarried['lines'], currency: string): void {
  checked(() => totalsOf(lines, currency));
}

function parsed(amount: string, currency: string): bigint {
  return checked(() => parseMoney(amount, currency));
}

/** Errors of the arithmetic are somebody's wrong input, not a defect that the workflow should be held up by. */
function checked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw refuse('BIZ_INPUT_INVALID', error instanceof Error ? error.message : String(error));
  }
}
