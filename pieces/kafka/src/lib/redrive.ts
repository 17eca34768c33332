import { createHash } from 'node:crypto';
import { BizError } from '@bizstack/piece-common';
import { type KafkaMessage, type Message, type Transaction } from 'kafkajs';
import type { KafkaConnection } from './client';
import { DEAD_LETTER_HEADERS, headerText } from './dead-letter';
import { hasErrorType } from './errors';
import type { FlowMessage } from './messages';
import { toFlowMessage } from './messages';
import { NOTE_BYTES, OffsetSet } from './offset-set';
import { stablePartitioner } from './partitioner';
import { byTopic, nextOffset, parsePositionKey, type Positions, positionKey } from './positions';
import type { PartitionReader } from './reader';
import type { ValueDecoder } from './values';

const BUDGET_MS = 40_000;

export interface Redrive {
  readonly connection: KafkaConnection;
  readonly reader: PartitionReader;
  readonly deadLetterTopic: string;
  readonly groupId: string;
  readonly limit: number;
  /** Undefined: back to where each came from. */
  readonly targetTopic: string | undefined;
  readonly decoder: ValueDecoder;
  readonly accepts: (message: FlowMessage) => boolean;
  /** True when a filter looks at the value: what cannot be read then stays. */
  readonly needsValue: boolean;
  /** Only counts. */
  readonly dryRun: boolean;
}

export interface Redriven {
  /** Messages that were sent (or would be). */
  readonly redriven: number;
  readonly targets: { topic: string; count: number }[];
  /** Left because a filter does not hold. */
  readonly filtered: number;
  /** Left because nothing says where they came from, or the value cannot be read for a filter. */
  readonly unusable: number;
}

interface PartitionState {
  readonly done: OffsetSet;
  /** Offsets that the log holds from the committed one on, as far as it was read. */
  readonly present: string[];
  next: string;
}

/**
 * Sends dead letters back and commits exactly those in the same transaction: all of it happens or nothing, and
 * running again sends none twice. One redrive of a group runs at a time; an older one is fenced off.
 */
export async function redrive(options: Redrive): Promise<Redriven> {
  if (options.dryRun) return collect(options).then(({ result }) => result);
  const producer = options.connection.kafka.producer({
    transactionalId: `bizstack-redrive-${createHash('sha256').update(options.groupId).digest('hex').slice(0, 32)}`,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: stablePartitioner,
    retry: { retries: 5 },
  });
  try {
    await producer.connect();
    // Begun before the offsets are read: it waits for the markers of an older redrive and fences that off, so
    // that the offsets are final.
    const transaction = await producer.transaction();
    try {
      const collected = await collect(options);
      if (collected.result.redriven === 0) {
        await transaction.abort();
        return collected.result;
      }
      await sendAll(transaction, options, collected);
      await transaction.commit();
      return collected.result;
    } catch (error) {
      if (transaction.isActive()) await transaction.abort().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    if (!hasErrorType(error, 'INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED')) throw error;
    throw new BizError('BIZ_KAFKA_REDRIVE_REPLACED', 'Another redrive of this consumer group has begun.', {
      hint: 'Nothing was sent by this one. Wait for the other one to end.',
      cause: error,
      retryable: true,
    });
  } finally {
    await producer.disconnect();
  }
}

interface Collected {
  readonly outgoing: Map<string, Message[]>;
  readonly states: Map<string, PartitionState>;
  readonly result: Redriven;
}

async function collect(options: Redrive): Promise<Collected> {
  const { reader, groupId, limit, decoder } = options;
  const partitions = await reader.partitions();
  const ends = await reader.resolve(partitions, 'latest');
  const positions: Positions = await reader.resolve(partitions, 'earliest');
  const notes = await reader.committedWithNotes(groupId, partitions);
  const states = new Map<string, PartitionState>();
  for (const partition of partitions) {
    const key = positionKey(partition);
    const first = positions[key] ?? '0';
    const committed = notes.find((note) => positionKey(note) === key);
    const from = committed && BigInt(committed.offset) > BigInt(first) ? committed.offset : first;
    const done = committed ? new OffsetSet(committed.offset, committed.note) : new OffsetSet(from);
    states.set(key, { done, present: [], next: from });
    positions[key] = from;
  }
  const outgoing = new Map<string, Message[]>();
  let [redriven, filtered, unusable] = [0, 0, 0];
  const deadline = Date.now() + BUDGET_MS;
  while (redriven < limit && Date.now() < deadline) {
    const open = Object.fromEntries(
      Object.entries(positions).filter(([key, offset]) => BigInt(offset) < BigInt(ends[key] ?? '0')),
    );
    if (Object.keys(open).length === 0) break;
    for (const slice of await reader.read(open, 1_000)) {
      const key = positionKey(slice);
      const state = states.get(key);
      if (!state) continue;
      if (options.needsValue) await decoder.prepare(slice.messages);
      positions[key] = slice.next;
      for (const message of slice.messages) {
        // Letters that arrive while this runs are for the next time: the same call must end.
        if (redriven >= limit || BigInt(message.offset) >= BigInt(ends[key] ?? '0')) {
          positions[key] = message.offset;
          ends[key] = message.offset;
          break;
        }
        state.present.push(message.offset);
        state.next = nextOffset(message.offset);
        if (state.done.has(message.offset)) continue;
        const target = choose(options, slice, message);
        if (target === 'filtered') filtered += 1;
        else if (target === 'unusable') unusable += 1;
        else {
          const messages = outgoing.get(target.topic);
          if (messages) messages.push(target.message);
          else outgoing.set(target.topic, [target.message]);
          state.done.add(message.offset);
          redriven += 1;
        }
      }
    }
  }
  const targets = [...outgoing].map(([topic, messages]) => ({ topic, count: messages.length }));
  return { outgoing, states, result: { redriven, targets, filtered, unusable } };
}

function choose(
  { deadLetterTopic, targetTopic, decoder, accepts, needsValue }: Redrive,
  { topic, partition }: { topic: string; partition: number },
  message: KafkaMessage,
): { topic: string; message: Message } | 'filtered' | 'unusable' {
  let seen: FlowMessage;
  try {
    seen = toFlowMessage({ topic, partition }, message, needsValue ? decoder.decode : () => null);
  } catch {
    return 'unusable';
  }
  if (!accepts(seen)) return 'filtered';
  const target = targetTopic ?? headerText(message.headers, DEAD_LETTER_HEADERS.topic);
  if (target === undefined || target === '' || target === deadLetterTopic) return 'unusable';
  return { topic: target, message: restored(message) };
}

/** The message as it was. The number of attempts stays, so that the next dead letter counts on. */
function restored({ key, value, headers }: KafkaMessage): Message {
  const { topic, partition, offset, timestamp, error } = DEAD_LETTER_HEADERS;
  const dropped = new Set<string>([topic, partition, offset, timestamp, error]);
  return {
    key,
    value,
    headers: Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !dropped.has(name))),
  };
}

async function sendAll(
  transaction: Transaction,
  options: Redrive,
  { outgoing, states }: Collected,
): Promise<void> {
  const offsets = [...states].map(([key, { done, present, next }]) => {
    const { offset, note } = done.commit(present, next);
    if (note.length > NOTE_BYTES) {
      throw new BizError('BIZ_KAFKA_REDRIVE_GAPS', 'The filters leave too many gaps to remember.', {
        hint: 'Nothing was sent. Redrive fewer messages at once, or redrive what lies between to another topic first.',
      });
    }
    return { ...parsePositionKey(key), offset, metadata: note };
  });
  for (const [topic, messages] of outgoing) await transaction.send({ topic, messages, acks: -1 });
  await transaction.sendOffsets({ consumerGroupId: options.groupId, topics: byTopic(offsets) });
}
