import type { KafkaMessage } from 'kafkajs';
import { type FlowMessage, toFlowMessage } from './messages';
import { type Positions, type TopicPartition, nextOffset, positionKey } from './positions';
import type { PartitionReader } from './reader';
import type { ValueDecoder } from './values';

/** Values of this many bytes end a batch early: the whole batch is held in memory and sent as one payload. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const FIRST_WAIT_MS = 300;

export interface Unreadable extends TopicPartition {
  readonly message: KafkaMessage;
  readonly error: unknown;
}

export interface ConsumeOptions {
  readonly reader: PartitionReader;
  readonly from: Positions;
  readonly limit: number;
  readonly decoder: ValueDecoder;
  readonly accepts: (message: FlowMessage) => boolean;
  /** What happens to a message that is not in the format: go on after it, or end this partition before it. */
  readonly onUnreadable: (unreadable: Unreadable) => 'pass' | 'stop';
  /** Milliseconds after which no further fetch starts. */
  readonly budgetMs: number;
  readonly maxWaitMs?: number;
}

export interface Consumed {
  readonly messages: FlowMessage[];
  /** Positions after these messages. */
  readonly to: Positions;
}

/**
 * Collects messages that pass the filters, at most `limit`. Every partition gets its share of each round, so
 * that one with a backlog does not hold up the others; within a partition the order is kept.
 */
export async function consume(options: ConsumeOptions): Promise<Consumed> {
  const { reader, from, limit, decoder, budgetMs, maxWaitMs = FIRST_WAIT_MS } = options;
  const to: Positions = { ...from };
  const messages: FlowMessage[] = [];
  const stopped = new Set<string>();
  const deadline = Date.now() + budgetMs;
  let bytes = 0;
  let wait = maxWaitMs;

  while (messages.length < limit && bytes < MAX_BATCH_BYTES) {
    const open = Object.fromEntries(Object.entries(to).filter(([key]) => !stopped.has(key)));
    if (Object.keys(open).length === 0) break;
    const slices = await reader.read(open, wait);
    if (slices.length === 0) break;
    wait = 0;
    const share = Math.max(1, Math.ceil((limit - messages.length) / slices.length));
    for (const slice of slices) {
      await decoder.prepare(slice.messages);
      const key = positionKey(slice);
      let taken = 0;
      let complete = true;
      let last: string | undefined;
      for (const message of slice.messages) {
        if (taken >= share || messages.length >= limit || bytes >= MAX_BATCH_BYTES) {
          complete = false;
          break;
        }
        const read = readMessage(slice, message, options);
        if (read === 'stop') {
          stopped.add(key);
          complete = false;
          break;
        }
        last = message.offset;
        if (read === 'pass') continue;
        taken += 1;
        bytes += message.value?.length ?? 0;
        messages.push(read);
      }
      if (complete) to[key] = slice.next;
      else if (last !== undefined) to[key] = nextOffset(last);
    }
    if (Date.now() > deadline) break;
  }
  return { messages, to };
}

function readMessage(
  { topic, partition }: TopicPartition,
  message: KafkaMessage,
  { decoder, accepts, onUnreadable }: ConsumeOptions,
): FlowMessage | 'pass' | 'stop' {
  let read: FlowMessage;
  try {
    read = toFlowMessage({ topic, partition }, message, decoder.decode);
  } catch (error) {
    return onUnreadable({ topic, partition, message, error });
  }
  return accepts(read) ? read : 'pass';
}
