import {
  ActivityFailure,
  CancellationScope,
  continueAsNew,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import {
  INVOICE_PROCESSING_SIGNALS,
  INVOICE_PROCESSING_UPDATES,
  type InvoiceProcessingInput,
  invoiceProcessingInputSchema,
  type InvoiceProcessingOrder,
  type InvoiceProcessingResult,
  type InvoiceProcessingStage,
  type InvoiceProcessingState,
  type PaymentMethod,
  type SupplierInvoice,
  supplierInvoiceSchema,
} from '../client/invoice-processing';
import {
  approved,
  approversOf,
  type ApprovalState,
  FIRST_LEVEL,
  levelsFor,
  voiceOf,
} from '../domain/approval';
import { problemsOf } from '../domain/invoice-check';
import { parseMoney } from '../domain/money';
import { inputProblems } from '../client/problems';
import type { BoardState, View } from './board';
import { books } from './books';
import { causeOf } from './failure';
import { parseInput, refuse } from './input';
import { DAY_MS, type Deadline, HOUR_MS, Process, requireStage } from './process';

const reading = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '20s',
  scheduleToCloseTimeout: '2 hours',
  retry: { initialInterval: '1s', maximumInterval: '5 minutes' },
});
/** A provider may take days; a dead worker is noticed by its missing heartbeat. */
const paying = proxyActivities<Activities>({
  startToCloseTimeout: '7 days',
  heartbeatTimeout: '20s',
  scheduleToCloseTimeout: '7 days',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '1s', maximumInterval: '10 minutes' },
});

const FINAL: readonly InvoiceProcessingStage[] = ['paid', 'rejected', 'duplicate', 'cancelled', 'failed'];
/** After these the provider has not paid and will not: another attempt is another order. */
const DEFINITE = ['BIZ_PAYMENT_REFUSED', 'BIZ_PAYMENT_NOT_CONFIGURED'];

/** Plain JSON. Fields are added, never renamed: runs are continued across releases. */
export interface InvoiceProcessingCarried {
  readonly order: Omit<InvoiceProcessingOrder, 'document'>;
  readonly stage: InvoiceProcessingStage;
  readonly documentId: string | null;
  readonly invoice: SupplierInvoice | null;
  readonly draft?: unknown;
  readonly problems: readonly string[];
  readonly category: string | null;
  readonly account: string | null;
  readonly approval: ApprovalState;
  readonly levelSince: number;
  readonly payAt: number | null;
  readonly method: PaymentMethod;
  readonly attempt: number;
  readonly reference: string | null;
  readonly duplicateOf: string | null;
  /** The last attempt to pay ended without an answer. */
  readonly uncertain: boolean;
  readonly counters: Readonly<Record<string, number>>;
  readonly board: BoardState;
}

/**
 * A supplier's invoice from the document to the books: reading, duplicates, category, approval by levels,
 * payment, posting. Whatever is wrong is asked of a person; nothing is paid twice.
 */
export async function invoiceProcessing(
  input: InvoiceProcessingInput,
  carried?: InvoiceProcessingCarried,
): Promise<InvoiceProcessingResult> {
  const order = carried ? undefined : parseInput('invoiceProcessing', invoiceProcessingInputSchema, input);
  return new InvoiceProcessing(input, order, carried).run();
}

class InvoiceProcessing extends Process<InvoiceProcessingState> {
  private readonly order: Omit<InvoiceProcessingOrder, 'document'>;
  private stage: InvoiceProcessingStage;
  private documentId: string | null;
  private invoice: SupplierInvoice | null;
  private draft: unknown;
  private problems: readonly string[];
  private category: string | null;
  private account: string | null;
  private approval: ApprovalState;
  private levelSince: number;
  private payAt: number | null;
  private method: PaymentMethod;
  private attempt: number;
  private reference: string | null;
  private duplicateOf: string | null;
  private uncertain: boolean;
  private readonly counters: Record<string, number>;

  constructor(
    private readonly input: InvoiceProcessingInput,
    private readonly first: InvoiceProcessingOrder | undefined,
    carried: InvoiceProcessingCarried | undefined,
  ) {
    super(carried?.board);
    const order = first ?? carried?.order;
    if (!order) throw refuse('BIZ_INPUT_INVALID', 'There is neither an order nor a state to go on with.');
    const { submittedBy, policy, paymentMethod, payDaysBeforeDue } = order;
    this.order = { submittedBy, policy, paymentMethod, payDaysBeforeDue };
    this.stage = carried?.stage ?? 'reading';
    this.documentId = carried?.documentId ?? null;
    this.invoice = carried?.invoice ?? null;
    this.draft = carried?.draft ?? null;
    this.problems = carried?.problems ?? [];
    this.category = carried?.category ?? null;
    this.account = carried?.account ?? null;
    this.approval = carried?.approval ?? FIRST_LEVEL;
    this.levelSince = carried?.levelSince ?? 0;
    this.payAt = carried?.payAt ?? null;
    this.method = carried?.method ?? paymentMethod;
    this.attempt = carried?.attempt ?? 1;
    this.reference = carried?.reference ?? null;
    this.duplicateOf = carried?.duplicateOf ?? null;
    this.uncertain = carried?.uncertain ?? false;
    this.counters = { ...carried?.counters };
    this.listen();
  }

  async run(): Promise<InvoiceProcessingResult> {
    try {
      await this.loop(() => this.continueInNewRun());
      return this.result();
    } catch (error) {
      if (!isCancellation(error) && !(error instanceof ActivityFailure)) throw error;
      const cancelled = isCancellation(error);
      const { type, message } = causeOf(error);
      const reason = cancelled ? 'the workflow was cancelled' : message;
      await CancellationScope.nonCancellable(() => this.takeBack(null, reason));
      this.stage = cancelled ? 'cancelled' : 'failed';
      this.board.note(`${this.stage}: ${reason}`);
      this.board.show({ ...this.view(), waitingFor: null });
      if (cancelled) throw error;
      throw refuse(type, `invoiceProcessing was taken back, because a step failed: ${message}`);
    }
  }

  state(): InvoiceProcessingState {
    const { stage, invoice, draft, problems, category, account, approval, reference, duplicateOf } = this;
    const { policy } = this.order;
    return {
      ...{ stage, invoice, draft, problems, category, account, duplicateOf },
      level: stage === 'approval' ? approval.level : null,
      levels: this.levels(),
      approvers: stage === 'approval' ? approversOf(policy, approval) : [],
      approvedBy: approval.approvedBy,
      escalated: approval.escalated,
      paymentMethod: this.method,
      paymentReference: reference,
      waitingFor: this.waitingFor(),
    };
  }

  protected finished(): boolean {
    return FINAL.includes(this.stage);
  }

  protected view(): View {
    const { invoice, stage, approval } = this;
    const dueAt = this.next()?.at;
    return {
      stage,
      ...(invoice ? { subject: `supplier-invoice/${invoice.number}`, amount: Number(invoice.gross) } : {}),
      ...(dueAt === undefined ? {} : { dueAt }),
      waitingFor: this.waitingFor(),
      title: invoice
        ? `Invoice ${invoice.number} of ${invoice.supplier.name}`
        : 'Invoice that could not be read',
      details: {
        ...(invoice ? { amount: invoice.gross, currency: invoice.currency } : {}),
        problems: this.problems,
        ...(stage === 'approval'
          ? {
              level: approval.level + 1,
              approvers: approversOf(this.order.policy, approval),
              escalated: approval.escalated,
            }
          : {}),
      },
    };
  }

  protected next(): Deadline | undefined {
    switch (this.stage) {
      case 'reading':
        return { at: 0, act: () => this.read() };
      case 'approval':
        if (this.approval.escalated) return undefined;
        return {
          at: this.levelSince + this.order.policy.escalateAfterHours * HOUR_MS,
          act: () => this.escalate(),
        };
      case 'scheduled':
        return { at: this.payAt ?? 0, act: async () => this.enter('paying') };
      case 'paying':
        return { at: 0, act: () => this.pay() };
      default:
        return undefined;
    }
  }

  private waitingFor(): string | null {
    switch (this.stage) {
      case 'correction':
        return 'invoice_correction';
      case 'approval':
        return 'approval';
      case 'awaiting_confirmation':
        return 'payment_confirmation';
      case 'payment_failed':
        return 'payment_decision';
      default:
        return null;
    }
  }

  private listen(): void {
    this.handleUpdates(INVOICE_PROCESSING_UPDATES, {
      correct: {
        allow: ({ invoice }) => {
          requireStage('correct', this.stage, ['correction']);
          const problems = problemsOf(invoice);
          if (problems.length > 0)
            throw refuse('BIZ_INPUT_INVALID', `correct: invoice: ${problems.join('; ')}.`);
        },
        run: async ({ by, invoice }) => {
          this.board.note('corrected', by);
          await this.record(invoice);
        },
      },
      approve: {
        allow: ({ by }) => {
          requireStage('approve', this.stage, ['approval']);
          this.requireVoice(by);
        },
        run: ({ by, comment }) => this.approve(by, comment ?? null),
      },
      reject: {
        allow: ({ by }) => {
          requireStage('reject', this.stage, ['approval']);
          this.requireVoice(by);
        },
        run: async ({ by, reason }) => {
          await this.decide(by, this.requireVoice(by), 'rejected', reason, true);
          this.enter('rejected', by);
        },
      },
      delegate: {
        allow: ({ from, to }) => {
          requireStage('delegate', this.stage, ['approval']);
          if (!approversOf(this.order.policy, this.approval).includes(from)) {
            throw refuse('BIZ_APPROVAL_REFUSED', `${from} is not asked and cannot delegate.`);
          }
          if (to === this.order.submittedBy || to === from) {
            throw refuse('BIZ_APPROVAL_REFUSED', `${to} cannot decide in place of ${from}.`);
          }
        },
        run: async ({ from, to }) => {
          this.approval = { ...this.approval, delegations: [...this.approval.delegations, { from, to }] };
          this.board.note(`delegated to ${to}`, from);
          this.board.askAgain();
        },
      },
      categorise: {
        allow: () => requireStage('categorise', this.stage, ['approval']),
        run: async ({ by, category, account }) => {
          await books.setInvoiceCategory({ ...this.numbered('category'), category, account });
          this.category = category;
          this.account = account;
          this.board.note(`category ${category}`, by);
        },
      },
      confirmPayment: {
        allow: () => requireStage('confirmPayment', this.stage, ['awaiting_confirmation', 'payment_failed']),
        run: async ({ by, reference }) => {
          this.board.note('payment confirmed', by);
          await this.settle(reference);
        },
      },
      retryPayment: {
        allow: () => requireStage('retryPayment', this.stage, ['payment_failed']),
        run: async ({ by, method }) => {
          this.method = method ?? this.method;
          this.problems = [];
          this.enter('paying', by);
        },
      },
      cancel: {
        allow: () => {
          requireStage('cancel', this.stage, ['correction', 'approval', 'scheduled', 'payment_failed']);
          if (this.uncertain) {
            throw refuse(
              'BIZ_PAYMENT_UNCERTAIN',
              'It may have been paid: retry, or confirm what the provider says.',
            );
          }
        },
        run: async ({ by, reason }) => {
          await this.takeBack(by, reason);
          this.enter('cancelled', by);
        },
      },
    });
    this.handleSignals(INVOICE_PROCESSING_SIGNALS, {
      escalate: {
        allow: () => {
          requireStage('escalate', this.stage, ['approval']);
          if (this.approval.escalated) throw refuse('BIZ_STATE_REFUSED', 'It was escalated already.');
        },
        run: () => this.escalate(),
      },
      payNow: {
        allow: () => requireStage('payNow', this.stage, ['scheduled']),
        run: async ({ by }) => {
          this.payAt = 0;
          this.board.note('to be paid now', by);
        },
      },
    });
  }

  private enter(stage: InvoiceProcessingStage, by?: string): void {
    this.stage = stage;
    this.board.note(stage, by);
  }

  private numbered(name: string): { workflowId: string; step: string; at: string } {
    const count = (this.counters[name] ?? 0) + 1;
    this.counters[name] = count;
    return this.step(`${name}:${count}`);
  }

  /** Stores and reads the document; what cannot be read, or does not add up, a person corrects. */
  private async read(): Promise<void> {
    if (!this.first) throw refuse('BIZ_INPUT_INVALID', 'The document is gone.');
    const { id } = await books.storeDocument({ ...this.step('document'), document: this.first.document });
    this.documentId = id;
    let fields: unknown;
    try {
      ({ fields } = await reading.extractDocument({ documentId: id }));
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      return this.askForCorrection([causeOf(error).message]);
    }
    const parsed = supplierInvoiceSchema.safeParse(fields);
    if (!parsed.success) {
      this.draft = fields ?? null;
      return this.askForCorrection([inputProblems(parsed.error)]);
    }
    const problems = problemsOf(parsed.data);
    if (problems.length > 0) {
      this.invoice = parsed.data;
      return this.askForCorrection(problems);
    }
    return this.record(parsed.data);
  }

  private askForCorrection(problems: readonly string[]): void {
    this.problems = problems;
    this.enter('correction');
  }

  private async record(invoice: SupplierInvoice): Promise<void> {
    const documentId = this.documentId ?? '';
    const { duplicateOf } = await books.recordInvoice({ ...this.step('record'), documentId, invoice });
    this.invoice = invoice;
    this.draft = null;
    this.problems = [];
    if (duplicateOf !== null) {
      this.duplicateOf = duplicateOf;
      return this.enter('duplicate');
    }
    const { category, account } = await books.categoriseInvoice(this.step('categorise'));
    this.category = category;
    this.account = account;
    this.levelSince = Date.now();
    this.enter('approval');
  }

  private requireVoice(person: string): string {
    const voice = voiceOf(this.order.policy, this.approval, this.order.submittedBy, person);
    if ('refused' in voice) throw refuse('BIZ_APPROVAL_REFUSED', `${voice.refused}.`);
    return voice.principal;
  }

  private async approve(by: string, comment: string | null): Promise<void> {
    const principal = this.requireVoice(by);
    const { policy } = this.order;
    const { level } = this.approval;
    const { state, done } = approved(policy, this.approval, this.levels(), by, principal);
    await this.decide(by, principal, 'approved', comment, done);
    this.approval = state;
    this.board.note(`approved at level ${level + 1}`, by);
    if (done) return this.schedule();
    if (state.level !== level) {
      this.levelSince = Date.now();
      this.board.askAgain();
    }
  }

  private async decide(
    person: string,
    principal: string,
    decision: 'approved' | 'rejected',
    comment: string | null,
    final: boolean,
  ): Promise<void> {
    await books.recordDecision({
      ...this.step(`decision:${person}`),
      level: this.approval.level + 1,
      person,
      onBehalfOf: principal === person ? null : principal,
      ...{ decision, comment, final },
    });
  }

  private async escalate(): Promise<void> {
    this.approval = { ...this.approval, escalated: true };
    const persons = this.order.policy.levels[this.approval.level]?.escalateTo ?? [];
    await books.escalateApproval({ ...this.numbered('escalation'), level: this.approval.level + 1, persons });
    this.board.note('escalated');
    this.board.askAgain();
  }

  private schedule(): void {
    const due = this.invoice?.dueOn;
    const at = due === undefined ? 0 : Date.parse(`${due}T08:00:00Z`) - this.order.payDaysBeforeDue * DAY_MS;
    this.payAt = Math.max(at, Date.now());
    this.enter('scheduled');
  }

  private async pay(): Promise<void> {
    const invoice = this.requireInvoice();
    const { method } = this;
    if (method === 'manual') return this.enter('awaiting_confirmation');
    const step = this.step(`payment:${this.attempt}`);
    try {
      const receipt = await paying.payInvoice({
        ...step,
        method,
        order: {
          key: `${this.workflowId}:payment:${this.attempt}`,
          amount: invoice.gross,
          currency: invoice.currency,
          creditor: invoice.supplier,
          purpose: invoice.number,
          executeOn: this.now().slice(0, 10),
        },
      });
      this.reference = receipt.reference;
      if (receipt.status === 'settled') return await this.settle(receipt.reference);
      return this.enter('awaiting_confirmation');
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      const { type, message } = causeOf(error);
      this.uncertain = !DEFINITE.includes(type);
      // The same key asks for the same payment: it is given up only when that one certainly was not made.
      if (!this.uncertain) this.attempt += 1;
      this.problems = [message];
      return this.enter('payment_failed');
    }
  }

  private async settle(reference: string): Promise<void> {
    await books.settleInvoice({ ...this.step('settle'), method: this.method, reference });
    this.reference = reference;
    this.enter('paid');
  }

  /** The saga: reverses the liability. What was paid, or handed to the bank, is not taken back. */
  private async takeBack(by: string | null, reason: string): Promise<void> {
    if (['paid', 'rejected', 'duplicate', 'awaiting_confirmation'].includes(this.stage)) return;
    await books.cancelInvoice({ ...this.step('cancel'), by, reason });
  }

  private levels(): number {
    const { invoice } = this;
    return invoice
      ? levelsFor(this.order.policy, parseMoney(invoice.gross, invoice.currency), invoice.currency)
      : 0;
  }

  private requireInvoice(): SupplierInvoice {
    if (!this.invoice) throw refuse('BIZ_STATE_REFUSED', 'There is no invoice yet.');
    return this.invoice;
  }

  private result(): InvoiceProcessingResult {
    const { stage, invoice } = this;
    if (stage !== 'paid' && stage !== 'rejected' && stage !== 'duplicate' && stage !== 'cancelled') {
      throw refuse('BIZ_STATE_REFUSED', `The workflow ended in the stage "${stage}".`);
    }
    return {
      outcome: stage,
      number: invoice?.number ?? null,
      gross: invoice?.gross ?? null,
      currency: invoice?.currency ?? null,
      paymentReference: this.reference,
      duplicateOf: this.duplicateOf,
    };
  }

  private continueInNewRun(): Promise<never> {
    const { order, stage, documentId, invoice, draft, problems, category, account, approval } = this;
    const { levelSince, payAt } = this;
    const { method, attempt, reference, duplicateOf, uncertain, counters } = this;
    return continueAsNew<typeof invoiceProcessing>(this.input, {
      ...{
        order,
        stage,
        documentId,
        invoice,
        draft,
        problems,
        category,
        account,
        approval,
        levelSince,
        payAt,
      },
      ...{ method, attempt, reference, duplicateOf, uncertain, counters, board: this.board.carry() },
    });
  }
}
