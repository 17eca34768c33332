import { temporal } from '@temporalio/proto';
import { z } from 'zod';
import type { Temporal } from './client';
import { toJson } from './values';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const PAGE = 1_000;

/** The events of one run, oldest first unless told otherwise. */
export async function fetchHistory(
  { service, namespace }: Temporal,
  {
    workflowId,
    runId,
    limit,
    newestFirst,
  }: { workflowId: string; runId?: string | undefined; limit: number; newestFirst: boolean },
): Promise<{ events: HistoryEvent[]; truncated: boolean }> {
  const events: HistoryEvent[] = [];
  let nextPageToken: Uint8Array | undefined;
  do {
    const request = {
      namespace,
      execution: { workflowId, runId: runId ?? null },
      maximumPageSize: Math.min(PAGE, limit),
      ...(nextPageToken === undefined ? {} : { nextPageToken }),
    };
    const response = newestFirst
      ? await service.getWorkflowExecutionHistoryReverse(request)
      : await service.getWorkflowExecutionHistory(request);
    events.push(...(response.history?.events ?? []));
    nextPageToken = response.nextPageToken?.length ? response.nextPageToken : undefined;
  } while (nextPageToken !== undefined && events.length < limit);
  return { events: events.slice(0, limit), truncated: nextPageToken !== undefined || events.length > limit };
}

const eventSchema = z.record(z.string(), z.unknown());

/** The events as workers replay them: the JSON form of the protocol, payloads as stored. */
export function replayJson(events: HistoryEvent[]): Record<string, unknown>[] {
  return events.map((event) =>
    eventSchema.parse(
      protocolJson(
        temporal.api.history.v1.HistoryEvent.toObject(
          temporal.api.history.v1.HistoryEvent.fromObject(event),
          {
            longs: String,
            enums: String,
            bytes: String,
          },
        ),
      ),
    ),
  );
}

const DURATION_NAME = /(timeout|backoff|interval|delay|ttl|duration|window)$/i;

/** Times and durations are objects of seconds and nanoseconds here, and text in JSON. */
function protocolJson(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => protocolJson(one));
  if (typeof value !== 'object' || value === null) return value;
  const entries: [string, unknown][] = Object.entries(value);
  const isTime = entries.every(([key]) => key === 'seconds' || key === 'nanos');
  if (isTime && (entries.length > 0 || DURATION_NAME.test(name))) {
    const { seconds, nanos } = timeSchema.parse(value);
    const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0')}`;
    if (DURATION_NAME.test(name)) return `${seconds}${fraction}s`;
    return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}${fraction}Z`;
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, protocolJson(inner, key)]));
}

const timeSchema = z.object({ seconds: z.string().default('0'), nanos: z.number().default(0) });

/** The events with short names, and with payloads decrypted and decoded. */
export async function readableEvents(connection: Temporal, events: HistoryEvent[]) {
  const readable = [];
  for (const event of replayJson(events)) {
    const found = Object.entries(event).find(([key]) => key.endsWith('EventAttributes'));
    readable.push({
      id: Number(event['eventId']),
      time: String(event['eventTime']),
      type: typeName(String(event['eventType'])),
      attributes: await decoded(connection, found?.[1] ?? {}),
    });
  }
  return readable;
}

/** `EVENT_TYPE_WORKFLOW_EXECUTION_STARTED` as `WorkflowExecutionStarted`. */
function typeName(type: string): string {
  return type
    .replace(/^EVENT_TYPE_/, '')
    .toLowerCase()
    .replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

const payloadSchema = z.strictObject({
  metadata: z.object({ encoding: z.string() }).catchall(z.string()),
  data: z.string().nullish(),
});

async function decoded(connection: Temporal, value: unknown): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => decoded(connection, one)));
  if (typeof value !== 'object' || value === null) return value;
  const payload = payloadSchema.safeParse(value);
  if (payload.success) {
    const { metadata, data } = payload.data;
    const [plain] = await connection.workflow.decode({
      payloads: [toPayload(metadata, data ?? '')],
    });
    return toJson(plain);
  }
  const entries = Object.entries(value);
  const [only] = entries;
  // { payloads: [...] } is a list of arguments or results.
  if (entries.length === 1 && only?.[0] === 'payloads') return decoded(connection, only[1]);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([key, inner]) => [key, await decoded(connection, inner)] as const)),
  );
}

/** Bytes are base64 in JSON. */
function toPayload(metadata: Record<string, string>, data: string): temporal.api.common.v1.IPayload {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([key, bytes]) => [key, Buffer.from(bytes, 'base64')]),
    ),
    data: Buffer.from(data, 'base64'),
  };
}
