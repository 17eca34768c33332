import { setTimeout as sleep } from 'node:timers/promises';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { type LoadListener } from '../report';
import { type ActivepiecesApi } from './api';
import { type FlowSource, contentHashOf } from './flow-file';
import { type Flow, type FlowRecord, flowRecord } from './schemas';

export interface FlowPlan {
  readonly source: FlowSource;
  readonly contentHash: string;
  readonly existing: Flow | undefined;
  readonly action: 'create' | 'update' | 'none';
}

export interface FlowPlanOptions {
  /** Take over a flow of the same name that no load has made. */
  readonly adopt: boolean;
  /** Replace a flow that somebody edited since the last load. */
  readonly overwrite: boolean;
}

/** What a load kept in a flow's metadata; undefined for a flow that no load has made. */
export function recordOf(flow: Flow): FlowRecord | undefined {
  const parsed = flowRecord.safeParse(flow.metadata?.bizstack);
  return parsed.success ? parsed.data : undefined;
}

/**
 * Compares a flow of a file with the project's flows.
 *
 * @throws BIZ_LOAD_FLOW_NAME when a flow of that name exists that no load has made,
 *   BIZ_LOAD_FLOW_EDITED when file and flow were both changed since the last load
 */
export function planFlow(source: FlowSource, flows: readonly Flow[], options: FlowPlanOptions): FlowPlan {
  const contentHash = contentHashOf(source);
  const own = flows.find((flow) => recordOf(flow)?.flow === source.key);
  const namesake = flows.find(
    (flow) => flow.version.displayName === source.displayName && recordOf(flow) === undefined,
  );
  if (own === undefined && namesake !== undefined && !options.adopt) {
    throw new BizError(
      'BIZ_LOAD_FLOW_NAME',
      `The project has a flow "${source.displayName}" (${namesake.id}) that was not made by a load.`,
      { hint: 'Rename it, or use --adopt to take it over: two flows would handle every event twice.' },
    );
  }
  const existing = own ?? namesake;
  const record = existing === undefined ? undefined : recordOf(existing);
  if (existing === undefined) {
    return { source, contentHash, existing, action: 'create' };
  }
  if (record?.contentHash === contentHash) {
    return { source, contentHash, existing, action: 'none' };
  }
  const edited = record?.versionId !== undefined && existing.version.id !== record.versionId;
  if (edited && !options.overwrite) {
    throw new BizError(
      'BIZ_LOAD_FLOW_EDITED',
      `The flow "${existing.version.displayName}" (${existing.id}) was edited since it was loaded, and ${source.file} changed as well.`,
      { hint: 'Export your edits first; then --overwrite replaces the flow with the file.' },
    );
  }
  return { source, contentHash, existing, action: 'update' };
}

export interface ApplyFlowOptions {
  /** Recorded with the flow, by `name@version`. */
  readonly pieces: Readonly<Record<string, string>>;
  /** Milliseconds between two looks at an operation that still runs. */
  readonly pollMs: number;
  /** Milliseconds to wait for one operation. */
  readonly operationTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Creates or updates the flow, publishes and enables it. Safe to run again at every point. */
export async function applyFlow(
  api: ActivepiecesApi,
  { source, contentHash, existing }: FlowPlan,
  options: ApplyFlowOptions,
  listener: LoadListener,
): Promise<void> {
  const name = source.displayName;
  const pending: FlowRecord = { flow: source.key, pieces: { ...options.pieces } };
  listener.progress(`${existing === undefined ? 'Creating' : 'Updating'} the flow "${name}"`);
  let flow =
    existing ??
    (await api.createFlow(name, pending, async () =>
      (await api.listFlows()).find((candidate) => recordOf(candidate)?.flow === source.key),
    ));
  // Before the import: a load that dies after it must be found unfinished by the next one.
  if (recordOf(flow)?.flow !== source.key || recordOf(flow)?.contentHash !== undefined) {
    flow = await api.operate(flow, { type: 'UPDATE_METADATA', request: withRecord(flow, pending) });
  }
  flow = await api.operate(flow, {
    type: 'IMPORT_FLOW',
    request: {
      displayName: name,
      trigger: source.trigger,
      schemaVersion: source.schemaVersion,
      notes: source.notes,
    },
  });
  if (!flow.version.valid) {
    throw new BizError(
      'BIZ_LOAD_FLOW_INVALID',
      `Activepieces finds the flow "${name}" in ${source.file} incomplete: ${invalidSteps(flow.version.trigger).join(', ') || 'no step is named'}.`,
      {
        hint: `It was imported as a draft and not published. Open flow ${flow.id} in the builder to see what is missing.`,
      },
    );
  }
  listener.progress(`Publishing the flow "${name}"`);
  flow = await settle(api, await api.operate(flow, { type: 'LOCK_AND_PUBLISH', request: {} }), options);
  if (flow.status !== 'ENABLED') {
    const request = { status: 'ENABLED' };
    flow = await settle(api, await api.operate(flow, { type: 'CHANGE_STATUS', request }), options);
  }
  if (flow.status !== 'ENABLED' || flow.publishedVersionId == null) {
    throw new BizError(
      'BIZ_LOAD_FLOW_NOT_ENABLED',
      `Activepieces accepted the flow "${name}" (${flow.id}) but did not enable it.`,
      { hint: "The trigger's start failed: the cause is in the server's log." },
    );
  }
  await api.operate(flow, {
    type: 'UPDATE_METADATA',
    request: withRecord(flow, { ...pending, contentHash, versionId: flow.publishedVersionId }),
  });
  listener.step({
    kind: 'flow',
    name,
    action: existing === undefined ? 'created' : 'updated',
    note: 'published and enabled',
  });
}

function withRecord(flow: Flow, record: FlowRecord): unknown {
  return { metadata: { ...flow.metadata, bizstack: record } };
}

/** Waits until no operation runs on the flow. */
async function settle(
  api: ActivepiecesApi,
  flow: Flow,
  { pollMs, operationTimeoutMs, signal }: ApplyFlowOptions,
): Promise<Flow> {
  const deadline = Date.now() + operationTimeoutMs;
  let current = await api.getFlow(flow.id);
  while (current.operationStatus !== 'NONE') {
    if (Date.now() > deadline) {
      throw new BizError(
        'BIZ_LOAD_FLOW_TIMEOUT',
        `The flow "${flow.version.displayName}" (${flow.id}) is still ${current.operationStatus} after ${operationTimeoutMs / 1000} s.`,
        { hint: 'Run the load again later: it goes on where it stopped.', retryable: true },
      );
    }
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
    current = await api.getFlow(flow.id);
  }
  return current;
}

const step = z.looseObject({ name: z.string(), valid: z.boolean() });

/** Names of the steps that the server marks as incomplete. */
function invalidSteps(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap(invalidSteps);
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const parsed = step.safeParse(value);
  const own = parsed.success && !parsed.data.valid ? [parsed.data.name] : [];
  return [...own, ...Object.values(value).flatMap(invalidSteps)];
}
