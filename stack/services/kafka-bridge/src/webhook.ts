import { createHash, createHmac } from 'node:crypto';
import { messageOf, signatureHeaders } from '@bizstack/contracts';
import type { Delivery, FlowMessage } from '@bizstack/piece-kafka/dist/lib/bridge';

const MAX_RETRY_AFTER_MS = 3_600_000;

export type DeliveryResult =
  | { readonly kind: 'accepted' }
  /** The answer speaks against these messages: 4xx. */
  | { readonly kind: 'refused'; readonly reason: string; readonly retryAfterMs: number | undefined }
  /** Nothing is known about the messages: no answer, or 5xx. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number | undefined }
  /** The receiver asks to come later (429, or 503 with Retry-After); that is no failed attempt. */
  | { readonly kind: 'postponed'; readonly reason: string; readonly retryAfterMs: number | undefined };

export interface WebhookCall {
  readonly url: string;
  readonly secret: string;
  readonly registrationId: string;
  readonly timeoutMs: number;
  readonly messages: readonly FlowMessage[];
  readonly allowsWebhook: (url: string) => boolean;
}

/** Posts messages to a webhook. Never rejects: whatever happens is a result. */
export async function callWebhook(call: WebhookCall): Promise<DeliveryResult> {
  // Checked again here: the list may have changed since the flow was registered.
  if (!call.allowsWebhook(call.url)) return failed('the origin of the webhook is not allowed any more');
  const deliveryId = deliveryIdOf(call.registrationId, call.messages);
  const delivery: Delivery = {
    registrationId: call.registrationId,
    deliveryId,
    messages: [...call.messages],
  };
  const body = JSON.stringify(delivery);
  try {
    const response = await fetch(call.url, {
      method: 'POST',
      // A redirect could lead out of the allowed origins.
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'bizstack-kafka-bridge',
        ...signatureHeaders(call.secret, { deliveryId, body }),
      },
      body,
      signal: AbortSignal.timeout(call.timeoutMs),
    });
    // Only the status counts; an unread body would hold the connection.
    await response.body?.cancel();
    return resultOf(response);
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return failed(late ? `no answer within ${call.timeoutMs / 1000} s` : `no answer: ${reasonOf(error)}`);
  }
}

function resultOf({ status, headers }: Response): DeliveryResult {
  if (status >= 200 && status <= 299) return { kind: 'accepted' };
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), Date.now());
  const reason = `the webhook answered ${status}`;
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) {
    return { kind: 'postponed', reason, retryAfterMs };
  }
  const refused = status >= 400 && status <= 499 && status !== 408;
  return { kind: refused ? 'refused' : 'failed', reason, retryAfterMs };
}

function failed(reason: string): DeliveryResult {
  return { kind: 'failed', reason, retryAfterMs: undefined };
}

/** Milliseconds of a Retry-After header: seconds or a date; at most an hour. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  // A date begins with the day of the week; JavaScript would take other texts for dates as well.
  const isDate = /^[A-Z][a-z]{2}/.test(header);
  const ms = /^\d{1,9}$/.test(header.trim())
    ? Number(header) * 1000
    : isDate
      ? Date.parse(header) - now
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/** The same for the same messages, so that a receiver recognises a repeat. */
export function deliveryIdOf(registrationId: string, messages: readonly FlowMessage[]): string {
  const hash = createHash('sha256').update(registrationId);
  for (const { topic, partition, offset } of messages) hash.update(`\n${topic}:${partition}:${offset}`);
  return hash.digest('hex').slice(0, 32);
}

/** What signs the deliveries of a registration; derived, so that there is nothing to store or to leak. */
export function secretOf(signingKey: string, registrationId: string): string {
  return createHmac('sha256', signingKey).update(`registration:${registrationId}`).digest('hex');
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
}
