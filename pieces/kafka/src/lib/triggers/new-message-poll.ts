import type { Store } from '@activepieces/pieces-framework';
import { BizError, type PollCursor, createPollCursor, messageOf } from '@bizstack/piece-common';
import type { Message } from 'kafkajs';
import { withAdmin, withKafka, withReader } from '../client';
import { parseAuth } from '../config';
import { type Unreadable, consume } from '../consume';
import { defaultDeadLetterTopic, sendDeadLetters, toDeadLetter } from '../dead-letter';
import { compileFilters } from '../filters';
import { toPayloads } from '../payloads';
import { type Positions, type TopicPartition, positionKey, positionsSchema } from '../positions';
import type { PartitionReader, Start } from '../reader';
import { resolveTopics } from '../topics';
import { valueDecoder } from '../values';
import type { Settings } from './new-message-settings';

const CURSOR_KEY = 'kafka-new-message';
/** A run of a trigger may take 60 s; the last fetch that starts within this time ends well before. */
const BUDGET_MS = 20_000;
const SAMPLES = 5;

interface Poll {
  /** Values of the connection. */
  readonly auth: unknown;
  readonly store: Pick<Store, 'get' | 'put'>;
  readonly settings: Settings;
}

/**
 * Fixes where each partition begins, so that nothing sent after publishing is missed. Offsets that exist
 * already are kept.
 */
export async function prepareOffsets({ auth, store, settings }: Poll): Promise<void> {
  compileFilters(settings.filters);
  await withTopics(auth, settings, async (reader) => {
    const partitions = await reader.partitions();
    const initial = await reader.resolve(partitions, settings.start);
    const cursor = cursorOf(store, settings);
    if (settings.groupId === undefined) {
      await cursor.amend((known) => ({ ...initial, ...known }));
      return;
    }
    const committed = await reader.committed(settings.groupId, partitions);
    const missing = Object.fromEntries(Object.entries(initial).filter(([key]) => !(key in committed)));
    await reader.commit(settings.groupId, missing);
    await cursor.amend((known) => ({ ...initial, ...committed, ...known }));
  });
}

/** The next messages. Commits the last batch first, and stages the new one for the next poll to commit. */
export async function pollMessages({ auth, store, settings }: Poll): Promise<unknown[]> {
  const accepts = compileFilters(settings.filters);
  return withTopics(auth, settings, async (reader) => {
    const cursor = cursorOf(store, settings);
    const from = await startingPositions(reader, cursor, settings);
    const unreadable: Unreadable[] = [];
    const { messages, to } = await consume({
      reader,
      from,
      limit: settings.maxMessages * settings.batchesPerPoll,
      decoder: valueDecoder(settings.format, parseAuth(auth)),
      accepts,
      onUnreadable: (one) => {
        unreadable.push(one);
        return settings.onUnreadable === 'stop' ? 'stop' : 'pass';
      },
      budgetMs: BUDGET_MS,
    });
    if (settings.onUnreadable === 'dead_letter') await moveToDeadLetters(auth, settings, unreadable);
    if (messages.length > 0) {
      await cursor.stage({ from, to });
      return toPayloads(messages, settings);
    }
    if (settings.groupId !== undefined) await reader.commit(settings.groupId, changed(from, to));
    await cursor.commit(to);
    const [stopper] = settings.onUnreadable === 'stop' ? unreadable : [];
    if (stopper) throw stoppedBy(stopper);
    return [];
  });
}

/** Up to five of the newest messages. Reads without a consumer group, so nothing is taken from anybody. */
export async function sampleMessages({ auth, settings }: Poll): Promise<unknown[]> {
  const accepts = compileFilters(settings.filters);
  return withTopics(
    auth,
    settings,
    async (reader) => {
      const partitions = await reader.partitions();
      const [first, last] = [
        await reader.resolve(partitions, 'earliest'),
        await reader.resolve(partitions, 'latest'),
      ];
      const from: Positions = {};
      for (const [key, end] of Object.entries(last)) {
        const [low, high] = [BigInt(first[key] ?? '0'), BigInt(end)];
        const back = high - BigInt(settings.maxMessages);
        from[key] = (back > low ? back : low).toString();
      }
      const { messages } = await consume({
        reader,
        from,
        limit: settings.maxMessages * Math.max(1, partitions.length),
        decoder: valueDecoder(settings.format, parseAuth(auth)),
        accepts,
        onUnreadable: () => 'pass',
        budgetMs: BUDGET_MS,
      });
      const newest = messages.sort((a, b) => a.timestamp.localeCompare(b.timestamp)).slice(-SAMPLES);
      return newest.length === 0 ? [] : toPayloads(newest, settings);
    },
    'sample',
  );
}

async function withTopics<T>(
  auth: unknown,
  settings: Settings,
  work: (reader: PartitionReader) => Promise<T>,
  purpose = 'poll',
): Promise<T> {
  const { topics, topicPattern } = settings;
  // A fixed list needs no look at the cluster at every poll: the reader reports a topic that is gone.
  const chosen =
    topicPattern === undefined && purpose === 'poll' && topics.length > 0
      ? topics
      : await withAdmin(auth, (admin) => resolveTopics(admin, { topics, pattern: topicPattern }));
  if (chosen.length === 0 && purpose === 'sample') {
    throw new BizError('BIZ_KAFKA_TOPIC_UNKNOWN', `No topic matches "${topicPattern ?? ''}".`, {
      hint: 'Check the pattern; * stands for any characters.',
    });
  }
  return withReader({ auth, owner: `${purpose}:${settings.flowId}`, topics: chosen }, work);
}

function cursorOf(store: Poll['store'], { afterCrash }: Settings): PollCursor<Positions> {
  return createPollCursor({ store, key: CURSOR_KEY, schema: positionsSchema, redelivery: afterCrash });
}

/** Where this poll begins; with a consumer group, what the last poll delivered is committed to it here. */
async function startingPositions(
  reader: PartitionReader,
  cursor: PollCursor<Positions>,
  { groupId, start }: Settings,
): Promise<Positions> {
  const partitions = await reader.partitions();
  const { committed, promoted } = await cursor.begin();
  // What shows up after publishing holds only messages sent since: none of them may be missed.
  const initialStart = committed === undefined ? start : 'earliest';
  const stored = pick(promoted ?? committed ?? {}, partitions);
  if (groupId === undefined)
    return { ...(await initialOf(reader, partitions, stored, initialStart)), ...stored };

  const inGroup = await reader.committed(groupId, partitions);
  const delivered: Positions = {};
  for (const [key, offset] of Object.entries(promoted ?? {})) {
    // An offset that somebody has reset from outside since is respected.
    if (key in inGroup && inGroup[key] === committed?.[key] && inGroup[key] !== offset)
      delivered[key] = offset;
  }
  // Offsets of a group expire when it is idle for long; the flow's own copy fills in.
  const known = { ...stored, ...inGroup, ...delivered };
  const positions = { ...(await initialOf(reader, partitions, known, initialStart)), ...known };
  await reader.commit(groupId, changed(inGroup, positions));
  return positions;
}

/** Positions of partitions that have none yet. */
async function initialOf(
  reader: PartitionReader,
  partitions: readonly TopicPartition[],
  known: Positions,
  start: Start,
): Promise<Positions> {
  return reader.resolve(
    partitions.filter((partition) => !(positionKey(partition) in known)),
    start,
  );
}

function pick(positions: Positions, partitions: readonly TopicPartition[]): Positions {
  return Object.fromEntries(
    partitions
      .map(positionKey)
      .flatMap((key) => (positions[key] === undefined ? [] : [[key, positions[key]]])),
  );
}

function changed(from: Positions, to: Positions): Positions {
  return Object.fromEntries(Object.entries(to).filter(([key, offset]) => from[key] !== offset));
}

async function moveToDeadLetters(
  auth: unknown,
  settings: Settings,
  unreadable: readonly Unreadable[],
): Promise<void> {
  const byTarget = new Map<string, Message[]>();
  for (const one of unreadable) {
    const target = settings.deadLetterTopic ?? defaultDeadLetterTopic(one.topic);
    byTarget.set(target, [...(byTarget.get(target) ?? []), toDeadLetter(one)]);
  }
  for (const [topic, messages] of byTarget) {
    await withKafka(auth, (connection) => sendDeadLetters(connection, topic, messages), { topic });
  }
}

function stoppedBy({ topic, partition, message, error }: Unreadable): BizError {
  return new BizError(
    'BIZ_KAFKA_MESSAGE_UNREADABLE',
    `Message ${message.offset} in partition ${partition} of "${topic}" cannot be read: ${messageOf(error)}`,
    {
      hint: 'The trigger waits before it. Set "Unreadable messages" to skip or to a dead letter topic to go on.',
      cause: error,
      details: { topic, partition, offset: message.offset },
    },
  );
}
