import { createHash } from 'node:crypto';
import type { Store } from '@activepieces/pieces-framework';
import { BizError, createPollCursor, isBizError, parseInput } from '@bizstack/piece-common';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import { type Temporal, withTemporal } from '../client';
import { temporalError } from '../errors';
import { count, optionalText, toJson } from '../values';
import { attributeName, listExecutions, parseTypes, quoted, summaryOf, typesClause } from '../visibility';

/** The convention: a keyword search attribute or a memo field of this name says what a workflow waits for. */
export const WAITING_NAME = 'BizWaitingFor';
/** The query of the convention. */
export const WAITING_QUERY = 'bizWaitingFor';

const CURSOR_KEY = 'temporal-workflow-waiting';
const SAMPLES = 5;
/** Workflows that may wait at once; bounded by what the store of a flow holds. */
export const MAX_WAITING = 10_000;
/** Without a search attribute every running workflow has to be looked at. */
const MAX_SCANNED = 2_000;
const PARALLEL = 10;
const QUERY_DEADLINE_MS = 5_000;
const DEADLINE_MS = 50_000;

const settingsSchema = z.object({
  detectBy: z
    .enum(['search_attribute', 'memo', 'query'])
    .nullish()
    .transform((detectBy) => detectBy ?? 'search_attribute'),
  afterCrash: z
    .enum(['redeliver', 'continue'])
    .nullish()
    .transform((choice) => choice ?? 'redeliver'),
  withDetails: z
    .enum(['memo', 'query', 'none'])
    .nullish()
    .transform((details) => details ?? 'memo'),
});

export type WaitingSettings = ReturnType<typeof parseWaitingSettings>;

/** @throws BizError `BIZ_INPUT_INVALID` */
export function parseWaitingSettings(propsValue: Record<string, unknown>) {
  const choices = parseInput('Workflow Waiting', propsValue, settingsSchema);
  const fallback = choices.detectBy === 'query' ? WAITING_QUERY : WAITING_NAME;
  return {
    ...choices,
    types: parseTypes(propsValue['workflowTypes']),
    name: optionalText('Name', propsValue['name']) ?? fallback,
    waitingFor: optionalText('Waiting for', propsValue['waitingFor']),
    maxWorkflows: count('Workflows per poll', propsValue['maxWorkflows'], { max: 1_000, fallback: 100 }),
  };
}

const positionSchema = z.object({
  /** Requests that were delivered and are still open, as short hashes. */
  open: z.array(z.string()),
});

interface Poll {
  readonly auth: unknown;
  readonly store: Pick<Store, 'get' | 'put'>;
  readonly settings: WaitingSettings;
}

interface Waiting {
  readonly info: WorkflowExecutionInfo;
  readonly waitingFor: string;
  readonly details: Record<string, unknown>;
}

/** Tries the question that every poll asks, so that a missing search attribute is reported at once. */
export async function prepareWaiting({ auth, settings }: Omit<Poll, 'store'>): Promise<void> {
  await withTemporal(auth, async (temporal) => {
    await explained(temporal, settings, () => temporal.workflow.count(queryOf(settings)));
  });
}

/** Workflows that began to wait since the last poll. */
export async function pollWaiting({ auth, store, settings }: Poll): Promise<unknown[]> {
  return withTemporal(
    auth,
    async (temporal) => {
      const cursor = createPollCursor({
        store,
        key: CURSOR_KEY,
        schema: positionSchema,
        redelivery: settings.afterCrash,
      });
      const { committed, promoted } = await cursor.begin();
      const from = promoted ?? committed ?? { open: [] };
      const waiting = await explained(temporal, settings, () => findWaiting(temporal, settings));
      const { next, to } = nextWaiting(
        new Set(from.open),
        waiting.map((one) => ({ ...one, mark: markOf(one) })),
        settings.maxWorkflows,
      );
      const payloads = next.map(toPayload);
      if (next.length === 0) await cursor.commit({ open: to });
      else await cursor.stage({ from, to: { open: to } });
      return payloads;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** Workflows that wait now. */
export async function sampleWaiting(auth: unknown, settings: WaitingSettings): Promise<unknown[]> {
  return withTemporal(
    auth,
    async (temporal) =>
      (await explained(temporal, settings, () => findWaiting(temporal, settings)))
        .slice(0, SAMPLES)
        .map(toPayload),
    { deadlineMs: DEADLINE_MS },
  );
}

/**
 * What to deliver, and what is open then: one that no longer waits is forgotten, so that it is delivered
 * when it waits again; one beyond `limit` stays unknown and comes with the next poll.
 */
export function nextWaiting<T extends { readonly mark: string }>(
  open: ReadonlySet<string>,
  waiting: readonly T[],
  limit: number,
): { next: T[]; to: string[] } {
  const next = waiting.filter(({ mark }) => !open.has(mark)).slice(0, limit);
  const still = waiting.filter(({ mark }) => open.has(mark)).map(({ mark }) => mark);
  return { next, to: [...new Set([...still, ...next.map(({ mark }) => mark)])] };
}

function queryOf({ detectBy, name, types, waitingFor }: WaitingSettings): string {
  return [
    `ExecutionStatus = 'Running'`,
    ...typesClause(types),
    ...(detectBy !== 'search_attribute'
      ? []
      : [
          waitingFor === undefined
            ? `${attributeName(name)} IS NOT NULL`
            : `${attributeName(name)} = ${quoted(waitingFor)}`,
        ]),
  ].join(' AND ');
}

async function findWaiting(temporal: Temporal, settings: WaitingSettings): Promise<Waiting[]> {
  const limit = settings.detectBy === 'search_attribute' ? MAX_WAITING : MAX_SCANNED;
  const { executions, truncated } = await listExecutions(temporal, { query: queryOf(settings), limit });
  if (truncated) {
    throw new BizError(
      'BIZ_TEMPORAL_TOO_MANY_WAITING',
      `More than ${limit} workflows would have to be watched.`,
      {
        hint:
          settings.detectBy === 'search_attribute'
            ? 'Choose workflow types, or one thing that they wait for.'
            : 'Choose workflow types, or recognise them by a search attribute, which has no need to look at every workflow.',
      },
    );
  }
  const found: Waiting[] = [];
  // The oldest first: a person has waited longest for those.
  executions.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  for (let index = 0; index < executions.length; index += PARALLEL) {
    const part = await Promise.all(
      executions.slice(index, index + PARALLEL).map((info) => inspect(temporal, settings, info)),
    );
    found.push(...part.filter((one) => one !== undefined));
  }
  return found;
}

async function inspect(
  temporal: Temporal,
  settings: WaitingSettings,
  info: WorkflowExecutionInfo,
): Promise<Waiting | undefined> {
  const said = await saysIt(temporal, settings, info);
  const { waitingFor, details } = readWaiting(said);
  if (waitingFor === undefined) return undefined;
  if (settings.waitingFor !== undefined && settings.waitingFor !== waitingFor) return undefined;
  if (settings.detectBy !== 'search_attribute') return { info, waitingFor, details };
  const more =
    settings.withDetails === 'memo'
      ? info.memo?.[WAITING_NAME]
      : settings.withDetails === 'query'
        ? await ask(temporal, info, WAITING_QUERY)
        : undefined;
  return { info, waitingFor, details: readWaiting(more).details };
}

function saysIt(
  temporal: Temporal,
  { detectBy, name }: WaitingSettings,
  info: WorkflowExecutionInfo,
): unknown {
  if (detectBy === 'memo') return info.memo?.[name];
  if (detectBy === 'query') return ask(temporal, info, name);
  return info.typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value;
}

/** What a workflow answers; undefined when its worker is away or it knows no such query: others are not held up. */
async function ask(
  { workflow }: Temporal,
  { workflowId, runId }: WorkflowExecutionInfo,
  query: string,
): Promise<unknown> {
  try {
    return await workflow.withDeadline(Date.now() + QUERY_DEADLINE_MS, () =>
      workflow.queryOnce({ workflowId, runId, query, args: [], rejectCondition: 'NOT_OPEN' }),
    );
  } catch (error) {
    const { code } = temporalError(error, { address: '', namespace: '', needsWorker: true });
    if (NO_ANSWER.has(code)) return undefined;
    throw error;
  }
}

const NO_ANSWER: ReadonlySet<string> = new Set([
  'BIZ_TEMPORAL_WORKER_AWAY',
  'BIZ_TEMPORAL_QUERY_UNKNOWN',
  'BIZ_TEMPORAL_QUERY_REJECTED',
  'BIZ_TEMPORAL_WORKFLOW_UNKNOWN',
  'BIZ_TEMPORAL_WORKFLOW_CLOSED',
]);

/** Text is what it waits for; an object says so in `waitingFor` and may say more; nothing is not waiting. */
export function readWaiting(said: unknown): {
  waitingFor: string | undefined;
  details: Record<string, unknown>;
} {
  if (typeof said === 'string') return { waitingFor: said.trim() || undefined, details: {} };
  // A keyword list, of which the first says it.
  if (Array.isArray(said)) return readWaiting(said[0]);
  if (typeof said !== 'object' || said === null) return { waitingFor: undefined, details: {} };
  const details = Object.fromEntries(Object.entries(said).map(([key, value]) => [key, toJson(value)]));
  const { waitingFor } = details;
  return { waitingFor: typeof waitingFor === 'string' ? waitingFor.trim() || undefined : undefined, details };
}

/** The request's own id, if it has one, survives continue-as-new; otherwise the run and what it waits for. */
function markOf({ info, waitingFor, details }: Waiting): string {
  const { id } = details;
  const request =
    typeof id === 'string' || typeof id === 'number'
      ? [info.workflowId, waitingFor, id]
      : [info.runId, waitingFor];
  return createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 14);
}

function toPayload({ info, waitingFor, details }: Waiting) {
  const { closeTime: _closed, durationMs: _duration, ...summary } = summaryOf(info);
  return { ...summary, waitingFor, details };
}

/** A missing search attribute is the usual mistake, and the server's words for it help nobody. */
async function explained<T>(
  { namespace }: Temporal,
  { detectBy, name }: WaitingSettings,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = isBizError(error) ? error : temporalError(error, { address: '', namespace });
    if (detectBy !== 'search_attribute') throw error;
    if (code !== 'BIZ_TEMPORAL_SEARCH_ATTRIBUTE_INVALID' && code !== 'BIZ_TEMPORAL_FILTER_INVALID')
      throw error;
    throw new BizError(
      'BIZ_TEMPORAL_SEARCH_ATTRIBUTE_UNKNOWN',
      `Namespace "${namespace}" has no search attribute "${name}".`,
      {
        hint: `Register it once: temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword.`,
        cause: error,
      },
    );
  }
}
