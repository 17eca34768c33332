import type { FlowMessage, Registration } from '@bizstack/piece-kafka/dist/lib/bridge';
import type { DeliveryResult } from './webhook';

export interface RetryTimes {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** What is to happen after an attempt at a chunk of messages. */
export type Decision =
  | { readonly kind: 'done' }
  /** Come back to the same messages later. */
  | { readonly kind: 'wait'; readonly ms: number; readonly reason: string }
  /** Come back to them one by one, so that one bad message does not take the others along. */
  | { readonly kind: 'split'; readonly reason: string }
  | { readonly kind: 'dead_letter'; readonly attempts: number; readonly reason: string };

/**
 * What is remembered of one partition between attempts. It is lost with the process: another replica begins to
 * count anew, which delays a dead letter and loses nothing.
 */
export class PartitionState {
  #attempts = 0;
  #firstOffset: string | undefined;
  /** Up to this offset messages go one by one, each with the attempts that their chunk has had. */
  #split: { readonly until: bigint; readonly attempts: number } | undefined;

  /** How many messages the next delivery may hold. */
  limit(offset: string, maxMessages: number): number {
    if (this.#split && BigInt(offset) > this.#split.until) this.#split = undefined;
    return this.#split ? 1 : maxMessages;
  }

  /** Takes the result of a delivery of these messages. */
  decide(
    messages: readonly FlowMessage[],
    result: DeliveryResult,
    { maxAttempts }: Pick<Registration, 'maxAttempts'>,
    retry: RetryTimes,
  ): Decision {
    const [first, last] = [messages[0]?.offset ?? '0', messages.at(-1)?.offset ?? '0'];
    if (first !== this.#firstOffset) {
      this.#firstOffset = first;
      this.#attempts = this.#split?.attempts ?? 0;
    }
    if (result.kind === 'accepted') {
      this.#firstOffset = undefined;
      return { kind: 'done' };
    }
    const { reason, retryAfterMs } = result;
    if (result.kind !== 'postponed') this.#attempts += 1;
    const exhausted = this.#attempts >= maxAttempts && result.kind !== 'postponed';
    if (messages.length > 1 && (exhausted || result.kind === 'refused')) {
      this.#split = { until: BigInt(last), attempts: this.#attempts };
      this.#firstOffset = undefined;
      return { kind: 'split', reason };
    }
    if (exhausted) {
      const attempts = this.#attempts;
      this.#firstOffset = undefined;
      return { kind: 'dead_letter', attempts, reason };
    }
    return { kind: 'wait', ms: retryAfterMs ?? backoff(Math.max(1, this.#attempts), retry), reason };
  }
}

/** Doubles with each attempt, up to the longest; the last quarter is random, so that replicas spread out. */
export function backoff(attempt: number, { baseMs, maxMs }: RetryTimes, random = Math.random): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling * (0.75 + random() * 0.25));
}
