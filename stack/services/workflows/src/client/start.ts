import { BizError } from '@bizstack/contracts/dist/errors';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { type z } from 'zod';
import {
  CONTENT_PUBLISHING_SIGNALS,
  CONTENT_PUBLISHING_UPDATES,
  type ContentPublishingInput,
  contentPublishingInputSchema,
  type ContentPublishingResult,
  type ContentPublishingState,
} from './content-publishing';
import {
  INVOICE_PROCESSING_SIGNALS,
  INVOICE_PROCESSING_UPDATES,
  type InvoiceProcessingInput,
  invoiceProcessingInputSchema,
  type InvoiceProcessingResult,
  type InvoiceProcessingState,
} from './invoice-processing';
import {
  LEAD_TO_CASH_SIGNALS,
  LEAD_TO_CASH_UPDATES,
  type LeadToCashInput,
  leadToCashInputSchema,
  type LeadToCashResult,
  type LeadToCashState,
} from './lead-to-cash';
import { inputProblems } from './problems';
import { TASK_QUEUE, type TimelineEntry, type WaitingFor, type WorkflowType } from './names';

type Schemas = Readonly<Record<string, z.ZodType>>;

export interface StartOptions {
  /**
   * Of the business case, for example the id of its event. A second start with it is refused while the first
   * runs and after it closed.
   */
  readonly workflowId: string;
  readonly taskQueue?: string;
}

/** A running or closed business workflow, with what it takes and answers. */
export class BusinessWorkflow<U extends Schemas, S extends Schemas, State, Result> {
  constructor(
    private readonly handle: WorkflowHandle,
    private readonly updates: U,
    private readonly signals: S,
  ) {}

  get workflowId(): string {
    return this.handle.workflowId;
  }

  /**
   * Asks for a change and waits until it is done.
   * @param updateId the same id is done once
   * @throws BizError `BIZ_INPUT_INVALID` naming the field; Temporal's `WorkflowUpdateFailedError` when the state
   *   does not allow it
   */
  async update<N extends keyof U & string>(name: N, input: z.input<U[N]>, updateId?: string): Promise<State> {
    const args: [unknown] = [checked(name, this.updates[name], input)];
    return this.handle.executeUpdate<State, [unknown]>(name, {
      args,
      ...(updateId === undefined ? {} : { updateId }),
    });
  }

  /** @throws BizError `BIZ_INPUT_INVALID` naming the field */
  async signal<N extends keyof S & string>(name: N, input: z.input<S[N]>): Promise<void> {
    await this.handle.signal(name, checked(name, this.signals[name], input));
  }

  state(): Promise<State> {
    return this.handle.query<State>('state');
  }

  /** What was done, oldest first; the last 200. */
  timeline(): Promise<TimelineEntry[]> {
    return this.handle.query<TimelineEntry[]>('timeline');
  }

  /** What a person is waited for; null while none is. */
  waitingFor(): Promise<WaitingFor | null> {
    return this.handle.query<WaitingFor | null>('bizWaitingFor');
  }

  async result(): Promise<Result> {
    return (await this.handle.result()) as Result;
  }

  /** Takes back what can be taken back and ends as cancelled. */
  async cancel(): Promise<void> {
    await this.handle.cancel();
  }
}

export type LeadToCash = BusinessWorkflow<
  typeof LEAD_TO_CASH_UPDATES,
  typeof LEAD_TO_CASH_SIGNALS,
  LeadToCashState,
  LeadToCashResult
>;
export type InvoiceProcessing = BusinessWorkflow<
  typeof INVOICE_PROCESSING_UPDATES,
  typeof INVOICE_PROCESSING_SIGNALS,
  InvoiceProcessingState,
  InvoiceProcessingResult
>;
export type ContentPublishing = BusinessWorkflow<
  typeof CONTENT_PUBLISHING_UPDATES,
  typeof CONTENT_PUBLISHING_SIGNALS,
  ContentPublishingState,
  ContentPublishingResult
>;

/** Starts and finds the business workflows. Needs `@temporalio/client` only. */
export class WorkflowsClient {
  constructor(private readonly client: Client) {}

  /** @throws BizError `BIZ_INPUT_INVALID`; Temporal's `WorkflowExecutionAlreadyStartedError` */
  async startLeadToCash(input: LeadToCashInput, options: StartOptions): Promise<LeadToCash> {
    return this.leadToCash(await this.start('leadToCash', leadToCashInputSchema, input, options));
  }

  /** @throws BizError `BIZ_INPUT_INVALID`; Temporal's `WorkflowExecutionAlreadyStartedError` */
  async startInvoiceProcessing(
    input: InvoiceProcessingInput,
    options: StartOptions,
  ): Promise<InvoiceProcessing> {
    return this.invoiceProcessing(
      await this.start('invoiceProcessing', invoiceProcessingInputSchema, input, options),
    );
  }

  /** @throws BizError `BIZ_INPUT_INVALID`; Temporal's `WorkflowExecutionAlreadyStartedError` */
  async startContentPublishing(
    input: ContentPublishingInput,
    options: StartOptions,
  ): Promise<ContentPublishing> {
    return this.contentPublishing(
      await this.start('contentPublishing', contentPublishingInputSchema, input, options),
    );
  }

  leadToCash(workflowId: string): LeadToCash {
    return new BusinessWorkflow(
      this.client.workflow.getHandle(workflowId),
      LEAD_TO_CASH_UPDATES,
      LEAD_TO_CASH_SIGNALS,
    );
  }

  invoiceProcessing(workflowId: string): InvoiceProcessing {
    return new BusinessWorkflow(
      this.client.workflow.getHandle(workflowId),
      INVOICE_PROCESSING_UPDATES,
      INVOICE_PROCESSING_SIGNALS,
    );
  }

  contentPublishing(workflowId: string): ContentPublishing {
    return new BusinessWorkflow(
      this.client.workflow.getHandle(workflowId),
      CONTENT_PUBLISHING_UPDATES,
      CONTENT_PUBLISHING_SIGNALS,
    );
  }

  private async start<S extends z.ZodType>(
    type: WorkflowType,
    schema: S,
    input: z.input<S>,
    { workflowId, taskQueue }: StartOptions,
  ): Promise<string> {
    checked(type, schema, input);
    await this.client.workflow.start(type, {
      workflowId,
      taskQueue: taskQueue ?? TASK_QUEUE,
      args: [input],
      // One business case, one workflow: also after it closed.
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    return workflowId;
  }
}

function checked<S extends z.ZodType>(name: string, schema: S | undefined, input: unknown): unknown {
  const result = schema?.safeParse(input);
  if (result?.success === true) return input;
  throw new BizError(
    'BIZ_INPUT_INVALID',
    `${name}: ${result === undefined ? 'there is no such name' : inputProblems(result.error)}.`,
  );
}
