import type { Store } from '@activepieces/pieces-framework';
import {
  DELIVERY_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  verifySignature,
} from '@bizstack/contracts/dist/signature';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { withBridge } from '../bridge/client';
import { deliverySchema, registeredSchema } from '../bridge/contract';
import { withAdmin } from '../client';
import { parseAuth } from '../config';
import { compileFilters } from '../filters';
import { toPayloads } from '../payloads';
import { resolveTopics } from '../topics';
import { type Settings, parseSettings } from './new-message-settings';

const STORE_KEY = 'kafka-bridge';

interface Flow {
  /** Values of the connection. */
  readonly auth: unknown;
  readonly flowId: string;
}

interface Publication extends Flow {
  readonly propsValue: Readonly<Record<string, unknown>>;
  readonly store: Pick<Store, 'put'>;
  readonly webhookUrl: string;
}

const instantSchema = z.object({
  maxAttempts: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .nullish()
    .transform((attempts) => attempts ?? 10),
  timeoutSeconds: z.coerce
    .number()
    .int()
    .min(1)
    .max(300)
    .nullish()
    .transform((seconds) => seconds ?? 30),
});

/** Registers the flow with the bridge; again and again is fine. @throws BizError */
export async function registerFlow({
  auth,
  propsValue,
  store,
  flowId,
  webhookUrl,
}: Publication): Promise<void> {
  const settings = parseSettings({ onUnreadable: 'dead_letter', ...propsValue }, flowId);
  const { maxAttempts, timeoutSeconds } = parseInput('New Message (Instant)', propsValue, instantSchema);
  compileFilters(settings.filters);
  const { topics, topicPattern } = settings;
  const clusterId = await withAdmin(auth, async (admin) => {
    await resolveTopics(admin, { topics, pattern: topicPattern });
    return (await admin.describeCluster()).clusterId;
  });
  const registered = await withBridge(parseAuth(auth), (bridge) =>
    bridge.register(registrationId(flowId), {
      webhookUrl,
      topics: [...topics],
      topicPattern,
      groupId: settings.groupId ?? `bizstack-flow-${flowId}`,
      format: settings.format,
      filters: settings.filters,
      start: settings.start,
      maxMessages: settings.maxMessages,
      onUnreadable: settings.onUnreadable,
      deadLetterTopic: settings.deadLetterTopic,
      maxAttempts,
      timeoutSeconds,
      clusterId,
    }),
  );
  await store.put(STORE_KEY, registered);
}

/** Ends the deliveries. Offsets stay: publishing again goes on where the flow was. @throws BizError */
export async function unregisterFlow({ auth, flowId }: Flow): Promise<void> {
  await withBridge(parseAuth(auth), (bridge) => bridge.unregister(registrationId(flowId)));
}

interface Received {
  readonly payload: {
    readonly body: unknown;
    readonly rawBody?: unknown;
    readonly headers: Record<string, string>;
  };
  readonly store: Pick<Store, 'get'>;
  readonly settings: Settings;
}

/** The runs that a delivery starts. @throws BizError `BIZ_SIGNATURE_…` for what the bridge did not send. */
export async function receiveDelivery({ payload, store, settings }: Received): Promise<unknown[]> {
  const registered = registeredSchema.safeParse(await store.get(STORE_KEY));
  if (!registered.success) {
    throw new BizError('BIZ_KAFKA_BRIDGE_UNREGISTERED', 'The flow is not registered with a Kafka bridge.', {
      hint: 'Publish the flow again.',
    });
  }
  const { headers } = payload;
  const timestamp = headers[TIMESTAMP_HEADER];
  verifySignature({
    secret: registered.data.secret,
    timestamp,
    deliveryId: headers[DELIVERY_HEADER],
    signature: headers[SIGNATURE_HEADER],
    body: rawBody(payload),
    // Deliveries may wait in the queue of the engine for long. A replayed one is a repeat, which
    // at-least-once delivery allows anyway.
    now: new Date(Number(timestamp) * 1000),
  });
  const { messages } = parseInput('Delivery', payload.body, deliverySchema);
  return toPayloads(messages, settings);
}

/** Where the server keeps no raw body: the bridge's JSON comes out of parse and stringify unchanged. */
function rawBody({ body, rawBody: raw }: Received['payload']): string | Buffer {
  return typeof raw === 'string' || Buffer.isBuffer(raw) ? raw : JSON.stringify(body);
}

function registrationId(flowId: string): string {
  return `flow-${flowId}`;
}
