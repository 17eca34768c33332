import { BizError, parseInput } from '@bizstack/piece-common';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import type { Temporal } from './client';
import { optionalDate, optionalText, toJson } from './values';

/** Names as the visibility store spells them, by the name that the client gives. */
export const STATUSES = {
  RUNNING: 'Running',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  CANCELLED: 'Canceled',
  TERMINATED: 'Terminated',
  CONTINUED_AS_NEW: 'ContinuedAsNew',
  TIMED_OUT: 'TimedOut',
} as const;

export type StatusName = keyof typeof STATUSES;

export const statusesSchema = z
  .array(
    z.enum(['RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'CONTINUED_AS_NEW', 'TIMED_OUT']),
  )
  .nullish()
  .transform((statuses) => statuses ?? []);

const namesSchema = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .nullish()
  .transform((names) => (names ?? []).map((name) => name.trim()).filter((name) => name !== ''));

/** One or more workflow types. @throws BizError `BIZ_INPUT_INVALID` */
export function parseTypes(value: unknown): string[] {
  return parseInput('Workflow types', value, namesSchema);
}

export const OPERATORS = [
  'equals',
  'not_equals',
  'greater_than',
  'greater_or_equal',
  'less_than',
  'less_or_equal',
  'starts_with',
  'one_of',
  'is_null',
  'is_not_null',
] as const;

const COMPARISONS = {
  equals: '=',
  not_equals: '!=',
  greater_than: '>',
  greater_or_equal: '>=',
  less_than: '<',
  less_or_equal: '<=',
  starts_with: 'STARTS_WITH',
} as const;

const conditionsSchema = z
  .array(
    z.object({
      attribute: z.string().min(1),
      operator: z.enum(OPERATORS),
      value: z.unknown(),
      type: z
        .enum(['auto', 'text', 'number', 'boolean'])
        .nullish()
        .transform((type) => type ?? 'auto'),
    }),
  )
  .nullish()
  .transform((conditions) => conditions ?? []);

type Condition = z.output<typeof conditionsSchema>[number];

/** Built-in attributes that hold numbers; everything else is text or a date, which are both quoted. */
const NUMBER_ATTRIBUTES = new Set([
  'ExecutionDuration',
  'HistoryLength',
  'HistorySizeBytes',
  'StateTransitionCount',
]);

/** A text in quotes; quotes and backslashes in it stay what they are. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** @throws BizError `BIZ_TEMPORAL_FILTER_INVALID` for what is no name of an attribute. */
export function attributeName(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9_.-]*$/.test(name)) return /^[A-Za-z]\w*$/.test(name) ? name : `\`${name}\``;
  throw new BizError('BIZ_TEMPORAL_FILTER_INVALID', `"${name}" is not the name of a search attribute.`, {
    hint: 'Names have letters, digits, "_", "-" and "."; they are case-sensitive.',
  });
}

function literal(value: unknown, { attribute, type }: Pick<Condition, 'attribute' | 'type'>): string {
  if (typeof value === 'number' || typeof value === 'boolean')
    return type === 'text' ? quoted(String(value)) : String(value);
  if (value instanceof Date) return quoted(value.toISOString());
  const text = textOf(value);
  if (type === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase();
  const wantsNumber = type === 'number' || (type === 'auto' && NUMBER_ATTRIBUTES.has(attribute));
  if (wantsNumber && /^-?\d+(\.\d+)?$/.test(text)) return text;
  if (wantsNumber || type === 'boolean') {
    throw new BizError(
      'BIZ_TEMPORAL_FILTER_INVALID',
      `The condition on "${attribute}" needs a ${type === 'boolean' ? 'boolean' : 'number'}.`,
    );
  }
  return quoted(text);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return textOf(value)
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function conditionSql(condition: Condition): string {
  const name = attributeName(condition.attribute);
  switch (condition.operator) {
    case 'is_null':
      return `${name} IS NULL`;
    case 'is_not_null':
      return `${name} IS NOT NULL`;
    case 'one_of':
      return inList(
        name,
        listOf(condition.value).map((one) => literal(one, condition)),
      );
    default:
      return `${name} ${COMPARISONS[condition.operator]} ${literal(condition.value, condition)}`;
  }
}

function inList(name: string, literals: readonly string[]): string {
  if (literals.length === 0) {
    throw new BizError('BIZ_TEMPORAL_FILTER_INVALID', `The condition on "${name}" has no values.`);
  }
  return literals.length === 1 ? `${name} = ${literals[0]}` : `${name} IN (${literals.join(', ')})`;
}

export interface VisibilityFilter {
  readonly workflowTypes?: unknown;
  readonly statuses?: unknown;
  readonly workflowIdPrefix?: unknown;
  readonly taskQueue?: unknown;
  readonly startedAfter?: unknown;
  readonly startedBefore?: unknown;
  readonly closedAfter?: unknown;
  readonly closedBefore?: unknown;
  readonly conditions?: unknown;
  /** A visibility query of the user's own, which must hold as well. */
  readonly query?: unknown;
}

/**
 * The visibility query for what a form holds; empty for everything.
 * @throws BizError `BIZ_INPUT_INVALID`, `BIZ_TEMPORAL_FILTER_INVALID`
 */
export function buildQuery(filter: VisibilityFilter): string {
  const types = parseTypes(filter.workflowTypes);
  const statuses = parseInput('Statuses', filter.statuses, statusesSchema);
  const prefix = optionalText('Workflow id begins with', filter.workflowIdPrefix);
  const taskQueue = optionalText('Task queue', filter.taskQueue);
  const own = optionalText('Visibility query', filter.query);
  const date = (attribute: string, operator: string, name: string, value: unknown) => {
    const at = optionalDate(name, value);
    return at === undefined ? [] : [`${attribute} ${operator} ${quoted(at.toISOString())}`];
  };
  return [
    ...typesClause(types),
    ...statusesClause(statuses),
    ...(prefix === undefined ? [] : [`WorkflowId STARTS_WITH ${quoted(prefix)}`]),
    ...(taskQueue === undefined ? [] : [`TaskQueue = ${quoted(taskQueue)}`]),
    ...date('StartTime', '>=', 'Started after', filter.startedAfter),
    ...date('StartTime', '<', 'Started before', filter.startedBefore),
    ...date('CloseTime', '>=', 'Closed after', filter.closedAfter),
    ...date('CloseTime', '<', 'Closed before', filter.closedBefore),
    // Some stores hold a time in the far future for what still runs.
    ...(isGiven(filter.closedAfter) || isGiven(filter.closedBefore) ? [`ExecutionStatus != 'Running'`] : []),
    ...parseInput('Conditions', filter.conditions, conditionsSchema).map(conditionSql),
    ...(own === undefined ? [] : [`(${own})`]),
  ].join(' AND ');
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** One clause for the types, or none. */
export function typesClause(types: readonly string[]): string[] {
  return types.length === 0 ? [] : [inList('WorkflowType', types.map(quoted))];
}

/** One clause for the statuses, or none. */
export function statusesClause(statuses: readonly StatusName[]): string[] {
  return statuses.length === 0
    ? []
    : [
        inList(
          'ExecutionStatus',
          statuses.map((one) => quoted(STATUSES[one])),
        ),
      ];
}

const PAGE = 1_000;

/** Up to `limit` executions in the server's order (open first, then the last closed), and whether there are more. */
export async function listExecutions(
  { visible }: Temporal,
  { query, limit }: { query: string; limit: number },
): Promise<{ executions: WorkflowExecutionInfo[]; truncated: boolean }> {
  const executions: WorkflowExecutionInfo[] = [];
  for await (const info of visible.list({ query, pageSize: Math.min(PAGE, limit + 1) })) {
    if (executions.length === limit) return { executions, truncated: true };
    executions.push(info);
  }
  return { executions, truncated: false };
}

/** An execution as JSON. */
export function summaryOf(info: Omit<WorkflowExecutionInfo, 'raw'>) {
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    workflowType: info.type,
    status: info.status.name,
    taskQueue: info.taskQueue,
    startTime: info.startTime.toISOString(),
    closeTime: info.closeTime?.toISOString() ?? null,
    durationMs: info.closeTime ? info.closeTime.getTime() - info.startTime.getTime() : null,
    historyLength: info.historyLength,
    memo: toJson(info.memo ?? {}),
    searchAttributes: searchAttributesOf(info),
    parent: info.parentExecution
      ? { workflowId: info.parentExecution.workflowId, runId: info.parentExecution.runId }
      : null,
  };
}

export type ExecutionSummary = ReturnType<typeof summaryOf>;

/** Single values as they are, keyword lists as lists. */
export function searchAttributesOf({
  typedSearchAttributes,
}: Pick<WorkflowExecutionInfo, 'typedSearchAttributes'>): Record<string, unknown> {
  return Object.fromEntries(
    typedSearchAttributes.getAll().map(({ key, value }) => [key.name, toJson(value)]),
  );
}

export const executionFields = [
  { key: 'workflowId', label: 'Workflow ID' },
  { key: 'runId', label: 'Run ID' },
  { key: 'workflowType', label: 'Workflow type' },
  { key: 'status', label: 'Status' },
  { key: 'taskQueue', label: 'Task queue' },
  { key: 'startTime', label: 'Started', format: 'datetime' as const },
  { key: 'closeTime', label: 'Closed', format: 'datetime' as const },
  { key: 'durationMs', label: 'Duration (ms)', format: 'number' as const },
  { key: 'historyLength', label: 'History length', format: 'number' as const },
];
