import type { Store } from '@activepieces/pieces-framework';
import { type PollCursor, createPollCursor, parseInput } from '@bizstack/piece-common';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import { type Temporal, withTemporal } from '../client';
import { temporalError } from '../errors';
import { closedOutcome } from '../result';
import { count, optionalText } from '../values';
import {
  parseTypes,
  quoted,
  statusesClause,
  statusesSchema,
  summaryOf,
  type StatusName,
  typesClause,
} from '../visibility';
import {
  type ClosedKey,
  type ClosedPosition,
  OVERLAP_MS,
  advance,
  compareKeys,
  isNew,
  lowerBoundMs,
  positionAt,
  positionSchema,
} from './closed-cursor';

const CURSOR_KEY = 'temporal-workflow-closed';
const SAMPLES = 5;
/** Results are fetched side by side. */
const PARALLEL = 10;
/** More than these are not sorted at once: the span is halved until they fit. */
const MAX_WINDOW = 2_000;
const DEADLINE_MS = 50_000;

export interface ClosedSettings {
  readonly types: string[];
  readonly statuses: StatusName[];
  readonly start: 'latest' | 'earliest';
  readonly maxWorkflows: number;
  readonly withResult: boolean;
  readonly query: string | undefined;
  readonly afterCrash: 'redeliver' | 'continue';
}

const choicesSchema = z.object({
  statuses: statusesSchema,
  start: z
    .enum(['latest', 'earliest'])
    .nullish()
    .transform((start) => start ?? 'latest'),
  withResult: z
    .boolean()
    .nullish()
    .transform((withResult) => withResult ?? true),
  afterCrash: z
    .enum(['redeliver', 'continue'])
    .nullish()
    .transform((choice) => choice ?? 'redeliver'),
});

const ENDS: StatusName[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

/** @throws BizError `BIZ_INPUT_INVALID` */
export function parseClosedSettings(propsValue: Record<string, unknown>): ClosedSettings {
  const { statuses, ...choices } = parseInput('Workflow Closed', propsValue, choicesSchema);
  const chosen = statuses.filter((status) => status !== 'RUNNING');
  return {
    ...choices,
    statuses: chosen.length > 0 ? chosen : ENDS,
    types: parseTypes(propsValue['workflowTypes']),
    maxWorkflows: count('Workflows per poll', propsValue['maxWorkflows'], { max: 1_000, fallback: 100 }),
    query: optionalText('Visibility query', propsValue['query']),
  };
}

interface Poll {
  readonly auth: unknown;
  readonly store: Pick<Store, 'get' | 'put'>;
  readonly settings: ClosedSettings;
}

/** Remembers what is closed already, unless there is a position. */
export async function prepareClosed({ auth, store, settings }: Poll): Promise<void> {
  const initial = await withTemporal(auth, (temporal) => initialPosition(temporal, settings), {
    deadlineMs: DEADLINE_MS,
  });
  await cursorOf(store, settings).amend((known) => known ?? initial);
}

/** The next closed workflows, in the order in which they closed. */
export async function pollClosed({ auth, store, settings }: Poll): Promise<unknown[]> {
  return withTemporal(
    auth,
    async (temporal) => {
      const cursor = cursorOf(store, settings);
      const { committed, promoted } = await cursor.begin();
      const from = promoted ?? committed ?? (await initialPosition(temporal, settings));
      const found = await nextClosed(temporal, settings, from);
      const batch = found.slice(0, settings.maxWorkflows);
      const payloads = await toPayloads(temporal, batch, settings.withResult);
      if (batch.length === 0) await cursor.commit(from);
      else await cursor.stage({ from, to: advance(from, batch.map(keyOf)) });
      return payloads;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** The workflows that closed last. */
export async function sampleClosed(auth: unknown, settings: ClosedSettings): Promise<unknown[]> {
  return withTemporal(auth, async (temporal) => {
    const samples: WorkflowExecutionInfo[] = [];
    for await (const info of temporal.visible.list({ query: filterOf(settings), pageSize: SAMPLES })) {
      samples.push(info);
      if (samples.length === SAMPLES) break;
    }
    return toPayloads(temporal, samples, settings.withResult);
  });
}

function cursorOf(store: Poll['store'], { afterCrash }: ClosedSettings): PollCursor<ClosedPosition> {
  return createPollCursor({ store, key: CURSOR_KEY, schema: positionSchema, redelivery: afterCrash });
}

function filterOf({ types, statuses, query }: ClosedSettings): string {
  return [
    ...typesClause(types),
    ...statusesClause(statuses),
    ...(query === undefined ? [] : [`(${query})`]),
  ].join(' AND ');
}

/** What closed within the overlap before now is done; clocks that differ by less do no harm. */
async function initialPosition(temporal: Temporal, settings: ClosedSettings): Promise<ClosedPosition> {
  if (settings.start === 'earliest') return positionAt(0);
  const start = positionAt(Date.now() - OVERLAP_MS);
  const done = await listSpan(temporal, filterOf(settings), lowerBoundMs(start), undefined);
  return advance(start, done.map(keyOf));
}

/** What is not done, oldest first; at least as many as a batch has, if there are. */
async function nextClosed(
  temporal: Temporal,
  settings: ClosedSettings,
  position: ClosedPosition,
): Promise<WorkflowExecutionInfo[]> {
  const filter = filterOf(settings);
  const done = new Set(position.done);
  const isNext = (info: WorkflowExecutionInfo) => isNew(position, keyOf(info), done);
  const low = lowerBoundMs(position);
  const { count: total } = await temporal.workflow.count(spanQuery(filter, low, undefined));
  // Less than the margin of what was counted may have been closed meanwhile.
  if (total <= MAX_WINDOW + done.size)
    return sorted((await listSpan(temporal, filter, low, undefined)).filter(isNext));
  return nextOfMany(temporal, { filter, isNext, low, wanted: settings.maxWorkflows });
}

/**
 * Visibility gives the newest first. To find the oldest of very many without reading them all, the span is
 * halved until few enough are in its first part; that part is then left and the next one looked at.
 */
async function nextOfMany(
  temporal: Temporal,
  search: { filter: string; isNext: (info: WorkflowExecutionInfo) => boolean; low: number; wanted: number },
): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  const end = Date.now() + OVERLAP_MS;
  let low = search.low === 0 ? await oldestMs(temporal, search.filter, end) : search.low;
  while (low < end && found.length < search.wanted) {
    let high = end;
    while (high - low > 1) {
      const { count: inside } = await temporal.workflow.count(spanQuery(search.filter, low, high));
      if (inside <= MAX_WINDOW) break;
      high = low + Math.ceil((high - low) / 2);
    }
    found.push(...(await listSpan(temporal, search.filter, low, high)).filter(search.isNext));
    low = high;
  }
  return sorted(found);
}

/** A time shortly before the first close, in ms since 1970, so that halving begins near it. */
async function oldestMs(temporal: Temporal, filter: string, end: number): Promise<number> {
  for (let span = 3_600_000; span < end; span *= 4) {
    const { count: earlier } = await temporal.workflow.count(spanQuery(filter, 0, end - span));
    if (earlier === 0) return end - span;
  }
  return 0;
}

function sorted(infos: WorkflowExecutionInfo[]): WorkflowExecutionInfo[] {
  return infos.sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
}

/** Both ends in ms since 1970; the upper one is left out of the span. */
function spanQuery(filter: string, low: number, high: number | undefined): string {
  const iso = (ms: number) => quoted(new Date(ms).toISOString());
  return [
    ...(filter === '' ? [] : [filter]),
    `CloseTime >= ${iso(low)}`,
    ...(high === undefined ? [] : [`CloseTime < ${iso(high)}`]),
  ].join(' AND ');
}

async function listSpan(temporal: Temporal, filter: string, low: number, high: number | undefined) {
  const found: WorkflowExecutionInfo[] = [];
  for await (const info of temporal.visible.list({ query: spanQuery(filter, low, high), pageSize: 1_000 })) {
    if (info.raw.closeTime != null) found.push(info);
  }
  return found;
}

function keyOf({ raw, runId }: WorkflowExecutionInfo): ClosedKey {
  const seconds = BigInt(String(raw.closeTime?.seconds ?? 0));
  return { time: seconds * 1_000_000_000n + BigInt(raw.closeTime?.nanos ?? 0), runId };
}

async function toPayloads(temporal: Temporal, infos: readonly WorkflowExecutionInfo[], withResult: boolean) {
  const payloads: unknown[] = [];
  for (let index = 0; index < infos.length; index += PARALLEL) {
    payloads.push(
      ...(await Promise.all(
        infos.slice(index, index + PARALLEL).map((info) => toPayload(temporal, info, withResult)),
      )),
    );
  }
  return payloads;
}

async function toPayload(temporal: Temporal, info: WorkflowExecutionInfo, withResult: boolean) {
  const summary = summaryOf(info);
  if (!withResult || info.status.name === 'CONTINUED_AS_NEW') return summary;
  const { workflowId, runId } = info;
  try {
    const { result, failure } = await closedOutcome(temporal, { workflowId, runId });
    return { ...summary, result, failure };
  } catch (error) {
    // One that cannot be read, or is gone by now, must not hold up all that come after it.
    const { code, message } = temporalError(error, {
      address: '',
      namespace: temporal.namespace,
      workflowId,
    });
    if (!UNREADABLE.has(code)) throw error;
    return { ...summary, result: null, failure: null, problem: message };
  }
}

const UNREADABLE: ReadonlySet<string> = new Set([
  'BIZ_TEMPORAL_PAYLOAD_UNREADABLE',
  'BIZ_TEMPORAL_CODEC_KEY_UNKNOWN',
  'BIZ_TEMPORAL_WORKFLOW_UNKNOWN',
]);
