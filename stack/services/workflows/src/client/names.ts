/** Task queue of the worker when nothing else is configured. */
export const TASK_QUEUE = 'bizstack-workflows';

export const WORKFLOW_TYPES = ['leadToCash', 'invoiceProcessing', 'contentPublishing'] as const;
export type WorkflowType = (typeof WORKFLOW_TYPES)[number];

/** Search attributes, which the worker registers when it starts. */
export const SEARCH_ATTRIBUTES = {
  /** Keyword: what a person is waited for; absent while none is. The memo of this name says more. */
  waitingFor: 'BizWaitingFor',
  /** Keyword */
  stage: 'BizStage',
  /** Keyword: the lead, the supplier's invoice or the item, for example `lead/42`. */
  subject: 'BizSubject',
  /** Double, for searching only: books are kept in decimals. */
  amount: 'BizAmount',
  /** Datetime: when the workflow acts by itself next. */
  dueAt: 'BizDueAt',
} as const;

export interface WaitingFor {
  /** Of this request: another one has another id. */
  readonly id: string;
  readonly waitingFor: string;
  readonly title: string;
  /** ISO 8601. */
  readonly since: string;
  readonly [detail: string]: unknown;
}

export interface TimelineEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly what: string;
  readonly by?: string;
}
