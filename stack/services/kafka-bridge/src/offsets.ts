import { BizError } from '@bizstack/contracts';
import {
  hasErrorType,
  isInternalTopic,
  kafkaConfig,
  type KafkaAuthValues,
  matchesPattern,
  PartitionReader,
  type Positions,
  type Registration,
} from '@bizstack/piece-kafka/dist/lib/bridge';
import type { Admin } from 'kafkajs';

/** The topics that a registration means now. */
export async function topicsOf(admin: Admin, { topics, topicPattern }: Registration): Promise<string[]> {
  const existing = await admin.listTopics();
  const missing = topics.filter((topic) => !existing.includes(topic));
  if (missing.length > 0) {
    throw new BizError('BIZ_BRIDGE_TOPIC_UNKNOWN', `Unknown topic: ${missing.join(', ')}.`, {
      hint: 'Check the name (case counts), or create it. The bridge must be allowed to read it.',
    });
  }
  const matched =
    topicPattern === undefined
      ? []
      : existing.filter((topic) => !isInternalTopic(topic) && matchesPattern(topic, topicPattern));
  return [...new Set([...topics, ...matched])].sort();
}

export interface OffsetRequest {
  readonly auth: KafkaAuthValues;
  readonly registration: Registration;
  readonly topics: readonly string[];
  /** Offsets known from before, for a group that Kafka has forgotten. */
  readonly known: Positions;
  /** False for a flow that was published before: what it has not seen yet is new. */
  readonly first: boolean;
}

/**
 * Fixes where each partition begins, so that nothing sent after publishing is missed. Offsets that the group
 * has are kept.
 * @returns the positions of all partitions.
 * @throws BizError `BIZ_BRIDGE_GROUP_IN_USE` while the group has members.
 */
export async function prepareOffsets({
  auth,
  registration,
  topics,
  known,
  first,
}: OffsetRequest): Promise<Positions> {
  const { groupId, start } = registration;
  return withReader(auth, topics, async (reader) => {
    const partitions = await reader.partitions();
    const committed = await reader.committed(groupId, partitions);
    const earliest = await reader.resolve(partitions, 'earliest');
    const initial = first ? await reader.resolve(partitions, start) : earliest;
    const missing = Object.fromEntries(
      Object.entries(initial)
        .filter(([key]) => !(key in committed))
        .map(([key, offset]) => [key, later(known[key] ?? offset, earliest[key] ?? '0')]),
    );
    try {
      await reader.commit(groupId, missing);
    } catch (error) {
      if (!hasErrorType(error, 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION'))
        throw error;
      throw new BizError(
        'BIZ_BRIDGE_GROUP_IN_USE',
        `The consumer group "${groupId}" has running consumers.`,
        {
          hint: 'Stop those consumers, or use another group.',
          cause: error,
        },
      );
    }
    return { ...missing, ...committed };
  });
}

/** What the group has read; nothing when that cannot be asked. */
export async function committedOffsets(
  auth: KafkaAuthValues,
  groupId: string,
  topics: readonly string[],
): Promise<Positions> {
  return withReader(auth, topics, async (reader) => reader.committed(groupId, await reader.partitions()));
}

/** True when nobody consumes with this group. */
export async function isIdle(admin: Admin, groupId: string): Promise<boolean> {
  const { groups } = await admin.describeGroups([groupId]);
  return groups.every(({ members }) => members.length === 0);
}

async function withReader<T>(
  auth: KafkaAuthValues,
  topics: readonly string[],
  work: (reader: PartitionReader) => Promise<T>,
): Promise<T> {
  const reader = await PartitionReader.open(kafkaConfig(auth), topics);
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

function later(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b;
}
