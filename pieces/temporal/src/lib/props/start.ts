import { Property } from '@activepieces/pieces-framework';
import { parseInput, parseJsonProp } from '@bizstack/piece-common';
import { SearchAttributeType, type RetryPolicy, type SearchAttributePair } from '@temporalio/common';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { stableId } from '../client';
import { optionalDate, optionalDuration, optionalText, parseArguments, requiredText } from '../values';
import { argumentFieldsProp, argumentsProp, taskQueueProp, workflowTypeProp } from './workflow';

/** Ids are stored and indexed; the server takes 1,000 bytes, its stores sometimes less. */
const MAX_ID_BYTES = 255;

export const attributesProp = Property.Array({
  displayName: 'Search attributes',
  description: 'Values by which workflows can be found. They must be registered in the namespace.',
  required: false,
  properties: {
    name: Property.ShortText({
      displayName: 'Name',
      description: 'Name of the search attribute.',
      required: true,
    }),
    type: Property.StaticDropdown({
      displayName: 'Type',
      description: 'As it was registered.',
      required: true,
      defaultValue: 'KEYWORD',
      options: {
        options: [
          { label: 'Keyword', value: 'KEYWORD' },
          { label: 'Text', value: 'TEXT' },
          { label: 'Int', value: 'INT' },
          { label: 'Double', value: 'DOUBLE' },
          { label: 'Bool', value: 'BOOL' },
          { label: 'Datetime', value: 'DATETIME' },
          { label: 'Keyword list (comma separated)', value: 'KEYWORD_LIST' },
        ],
      },
    }),
    value: Property.ShortText({ displayName: 'Value', description: 'The value.', required: true }),
  },
});

export const memoProp = Property.Object({
  displayName: 'Memo',
  description: 'Notes that are shown with the workflow; not searchable.',
  required: false,
});

const duration = (displayName: string, description: string) =>
  Property.ShortText({ displayName, description: `${description} Like 30s, 10m, 2h, 7d.`, required: false });

/** What every started workflow may have, by hand or by a schedule. */
export const workflowOptionProps = {
  executionTimeout: duration('Execution time-out', 'The whole workflow, with retries and continue-as-new.'),
  runTimeout: duration('Run time-out', 'One run of the workflow.'),
  taskTimeout: duration('Task time-out', 'One step of the workflow code in the worker; 10s if empty.'),
  retryMaximumAttempts: Property.Number({
    displayName: 'Attempts',
    description: 'A failed workflow starts again up to so many times in all. It does not if empty.',
    required: false,
  }),
  retryInitialInterval: duration('First retry after', 'Needs "Attempts" or another retry setting.'),
  retryMaximumInterval: duration('Longest time between retries', '100 times the first if empty.'),
  retryBackoff: Property.Number({
    displayName: 'Back-off factor',
    description: 'How much longer each wait is than the one before; 2 if empty.',
    required: false,
  }),
  retryNonRetryable: Property.Array({
    displayName: 'Errors without retry',
    description: 'Types of application failures after which it is not started again.',
    required: false,
  }),
  memo: memoProp,
  searchAttributes: attributesProp,
  summary: Property.ShortText({
    displayName: 'Summary',
    description: 'One line for the user interface of Temporal, Markdown.',
    required: false,
  }),
  details: Property.LongText({
    displayName: 'Details',
    description: 'Several lines for the user interface of Temporal, Markdown.',
    required: false,
  }),
};

/** What `start_workflow`, `signal_with_start` and `update_with_start` have in common. */
export const startProps = {
  workflowType: workflowTypeProp,
  taskQueue: taskQueueProp,
  idempotencyKey: Property.ShortText({
    displayName: 'Idempotency key',
    description:
      'The same key is the same workflow, for example the id of an event or an order. The workflow id becomes <type>-<key>. If empty, the same call of this step in a run is one workflow; in a loop, give the id of the item.',
    required: false,
  }),
  workflowId: Property.ShortText({
    displayName: 'Workflow ID',
    description: 'Instead of the key: the id as it is.',
    required: false,
  }),
  arguments: argumentsProp,
  argumentFields: argumentFieldsProp,
  idReusePolicy: Property.StaticDropdown<ReusePolicy, false>({
    displayName: 'When a workflow with this id is closed',
    description: 'What to do when this id was used before and that workflow has ended.',
    required: false,
    defaultValue: 'USE_CLOSED',
    options: {
      options: [
        { label: 'Start nothing and take the closed one', value: 'USE_CLOSED' },
        { label: 'Start again if it failed, else take the closed one', value: 'ALLOW_DUPLICATE_FAILED_ONLY' },
        { label: 'Start again', value: 'ALLOW_DUPLICATE' },
        { label: 'Fail', value: 'REJECT_DUPLICATE' },
      ],
    },
  }),
  idConflictPolicy: Property.StaticDropdown<ConflictPolicy, false>({
    displayName: 'When a workflow with this id is running',
    description: 'What to do when this id is in use now.',
    required: false,
    defaultValue: 'USE_EXISTING',
    options: {
      options: [
        { label: 'Take the running one', value: 'USE_EXISTING' },
        { label: 'Fail', value: 'FAIL' },
        { label: 'Terminate it and start again', value: 'TERMINATE_EXISTING' },
      ],
    },
  }),
  startDelay: duration('Start delay', 'The first task waits so long; a signal starts it at once.'),
  priority: Property.Number({
    displayName: 'Priority',
    description: '1 (first) to 5 (last); 3 if empty.',
    required: false,
  }),
  ...workflowOptionProps,
};

export type ReusePolicy =
  'USE_CLOSED' | 'ALLOW_DUPLICATE_FAILED_ONLY' | 'ALLOW_DUPLICATE' | 'REJECT_DUPLICATE';
export type ConflictPolicy = 'USE_EXISTING' | 'FAIL' | 'TERMINATE_EXISTING';

const policiesSchema = z.object({
  reuse: z
    .enum(['USE_CLOSED', 'ALLOW_DUPLICATE_FAILED_ONLY', 'ALLOW_DUPLICATE', 'REJECT_DUPLICATE'])
    .nullish()
    .transform((reuse) => reuse ?? 'USE_CLOSED'),
  conflict: z
    .enum(['USE_EXISTING', 'FAIL', 'TERMINATE_EXISTING'])
    .nullish()
    .transform((conflict) => conflict ?? 'USE_EXISTING'),
});

type Values = { readonly [K in keyof typeof startProps]?: unknown };

export interface StartRequest {
  readonly workflowType: string;
  readonly reuse: ReusePolicy;
  readonly conflict: ConflictPolicy;
  /** For the client, without the policies. */
  readonly options: ReturnType<typeof parseWorkflowOptions> & {
    readonly taskQueue: string;
    readonly workflowId: string;
    readonly args: unknown[];
    readonly startDelay?: number;
    readonly priority?: { priorityKey: number };
  };
}

/** Who calls, so that the same call of the same step in the same run is known again. */
export interface Caller {
  readonly runId: string;
  readonly stepName: string;
}

/** @throws BizError `BIZ_INPUT_INVALID`, `BIZ_TEMPORAL_DURATION_INVALID` */
export function parseStart(values: Values, caller: Caller): StartRequest {
  const workflowType = requiredText('Workflow type', values.workflowType);
  const taskQueue = requiredText('Task queue', values.taskQueue);
  const args = parseArguments('Arguments', values.arguments, values.argumentFields);
  const { reuse, conflict } = parseInput(
    'Policies',
    { reuse: values.idReusePolicy, conflict: values.idConflictPolicy },
    policiesSchema,
  );
  const startDelay = optionalDuration('Start delay', values.startDelay);
  const priorityKey = parseInput('Priority', values.priority, prioritySchema);
  return {
    workflowType,
    reuse,
    conflict,
    options: {
      taskQueue,
      args,
      workflowId: workflowIdOf({
        workflowId: optionalText('Workflow ID', values.workflowId),
        key: optionalText('Idempotency key', values.idempotencyKey),
        workflowType,
        call: [caller.runId, caller.stepName, taskQueue, args],
      }),
      ...(startDelay === undefined ? {} : { startDelay }),
      ...(priorityKey === undefined ? {} : { priority: { priorityKey } }),
      ...parseWorkflowOptions(values),
    },
  };
}

const prioritySchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(5)
  .nullish()
  .transform((priority) => priority ?? undefined);

/**
 * The id of a workflow: as given, or made of type and key. The same key always gives the same id; a long
 * one is replaced by its hash.
 */
export function workflowIdOf(given: {
  readonly workflowId?: string | undefined;
  readonly key?: string | undefined;
  readonly workflowType: string;
  /** What makes this call the same one when it is repeated. */
  readonly call: readonly unknown[];
}): string {
  if (given.workflowId !== undefined) return given.workflowId;
  const id = `${given.workflowType}-${given.key ?? stableId(given.workflowType, ...given.call)}`;
  return Buffer.byteLength(id) <= MAX_ID_BYTES
    ? id
    : `sha256-${createHash('sha256').update(id).digest('hex')}`;
}

type OptionValues = { readonly [K in keyof typeof workflowOptionProps]?: unknown };

/** @throws BizError */
export function parseWorkflowOptions(values: OptionValues) {
  const retry = parseRetry(values);
  const memo = parseJsonProp('Memo', values.memo, memoSchema);
  const attributes = parseSearchAttributes(values.searchAttributes);
  const workflowExecutionTimeout = optionalDuration('Execution time-out', values.executionTimeout);
  const workflowRunTimeout = optionalDuration('Run time-out', values.runTimeout);
  const workflowTaskTimeout = optionalDuration('Task time-out', values.taskTimeout);
  const staticSummary = optionalText('Summary', values.summary);
  const staticDetails = optionalText('Details', values.details);
  return {
    ...(workflowExecutionTimeout === undefined ? {} : { workflowExecutionTimeout }),
    ...(workflowRunTimeout === undefined ? {} : { workflowRunTimeout }),
    ...(workflowTaskTimeout === undefined ? {} : { workflowTaskTimeout }),
    ...(retry === undefined ? {} : { retry }),
    ...(memo === undefined ? {} : { memo }),
    ...(attributes.length === 0 ? {} : { typedSearchAttributes: attributes }),
    ...(staticSummary === undefined ? {} : { staticSummary }),
    ...(staticDetails === undefined ? {} : { staticDetails }),
  };
}

const memoSchema = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((memo) => (memo && Object.keys(memo).length > 0 ? memo : undefined));

const retrySchema = z.object({
  maximumAttempts: z.coerce.number().int().min(1).nullish(),
  backoffCoefficient: z.coerce.number().min(1).nullish(),
  nonRetryableErrorTypes: z.array(z.coerce.string()).nullish(),
});

function parseRetry(values: OptionValues): RetryPolicy | undefined {
  const given = parseInput(
    'Retry policy',
    {
      maximumAttempts: values.retryMaximumAttempts,
      backoffCoefficient: values.retryBackoff,
      nonRetryableErrorTypes: values.retryNonRetryable,
    },
    retrySchema,
  );
  const initialInterval = optionalDuration('First retry after', values.retryInitialInterval);
  const maximumInterval = optionalDuration('Longest time between retries', values.retryMaximumInterval);
  const policy: RetryPolicy = {
    ...(given.maximumAttempts == null ? {} : { maximumAttempts: given.maximumAttempts }),
    ...(given.backoffCoefficient == null ? {} : { backoffCoefficient: given.backoffCoefficient }),
    ...(given.nonRetryableErrorTypes?.length ? { nonRetryableErrorTypes: given.nonRetryableErrorTypes } : {}),
    ...(initialInterval === undefined ? {} : { initialInterval }),
    ...(maximumInterval === undefined ? {} : { maximumInterval }),
  };
  return Object.keys(policy).length > 0 ? policy : undefined;
}

const attributeSchema = z.object({
  name: z.string().trim().min(1),
  type: z
    .enum(['KEYWORD', 'TEXT', 'INT', 'DOUBLE', 'BOOL', 'DATETIME', 'KEYWORD_LIST'])
    .nullish()
    .transform((type) => type ?? 'KEYWORD'),
  value: z.unknown(),
});

const attributesSchema = z
  .array(attributeSchema)
  .nullish()
  .transform((attributes) => attributes ?? []);

/** Attributes without a value are left out. @throws BizError `BIZ_INPUT_INVALID` */
export function parseSearchAttributes(value: unknown): SearchAttributePair[] {
  return parseInput('Search attributes', value, attributesSchema)
    .filter((one) => one.value !== undefined && one.value !== null && one.value !== '')
    .map(toPair);
}

function toPair({ name, type, value }: z.output<typeof attributeSchema>): SearchAttributePair {
  const what = `Search attribute "${name}"`;
  switch (type) {
    case 'KEYWORD':
      return { key: { name, type: SearchAttributeType.KEYWORD }, value: textOf(value) };
    case 'TEXT':
      return { key: { name, type: SearchAttributeType.TEXT }, value: textOf(value) };
    case 'INT':
      return {
        key: { name, type: SearchAttributeType.INT },
        value: parseInput(what, value, intSchema),
      };
    case 'DOUBLE':
      return {
        key: { name, type: SearchAttributeType.DOUBLE },
        value: parseInput(what, value, doubleSchema),
      };
    case 'BOOL':
      return { key: { name, type: SearchAttributeType.BOOL }, value: parseInput(what, value, booleanSchema) };
    case 'DATETIME':
      return {
        key: { name, type: SearchAttributeType.DATETIME },
        value: optionalDate(what, value) ?? new Date(Number.NaN),
      };
    case 'KEYWORD_LIST':
      return {
        key: { name, type: SearchAttributeType.KEYWORD_LIST },
        value: Array.isArray(value)
          ? value.map(textOf)
          : textOf(value)
              .split(',')
              .map((one) => one.trim())
              .filter((one) => one !== ''),
      };
  }
}

const intSchema = z.coerce.number().int();
const doubleSchema = z.coerce.number();
const booleanSchema = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(true|false)$/i)
    .transform((text) => text.toLowerCase() === 'true'),
]);

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
