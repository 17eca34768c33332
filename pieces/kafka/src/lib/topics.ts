import { BizError, withRetry } from '@bizstack/piece-common';
import type { Admin, ITopicConfig } from 'kafkajs';
import { hasErrorType } from './errors';

/** Internal topics of Kafka and its tools; never matched by a pattern and not shown in lists. */
export function isInternalTopic(topic: string): boolean {
  return topic.startsWith('__') || topic.startsWith('_schemas');
}

/** Matches `*` (any characters) and `?` (one character). */
export function matchesPattern(topic: string, pattern: string): boolean {
  const expression = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, (char) =>
    char === '*' ? '[^]*' : char === '?' ? '[^]' : `\\${char}`,
  );
  return new RegExp(`^${expression}$`).test(topic);
}

export interface TopicChoice {
  readonly topics: readonly string[];
  readonly pattern: string | undefined;
}

/**
 * The topics that a choice names, sorted. With a pattern, topics made later join by themselves.
 * @throws BizError `BIZ_KAFKA_TOPIC_UNKNOWN` naming the missing ones, `BIZ_KAFKA_TOPIC_MISSING` when none is chosen.
 */
export async function resolveTopics(admin: Admin, { topics, pattern }: TopicChoice): Promise<string[]> {
  if (topics.length === 0 && pattern === undefined) {
    throw new BizError('BIZ_KAFKA_TOPIC_MISSING', 'No topic is chosen.', {
      hint: 'Choose topics or write a pattern.',
    });
  }
  const existing = await admin.listTopics();
  const missing = topics.filter((topic) => !existing.includes(topic));
  if (missing.length > 0) {
    throw new BizError('BIZ_KAFKA_TOPIC_UNKNOWN', `Unknown topic: ${missing.join(', ')}.`, {
      hint: 'Check the name (case counts), or create it with "Create Topic". The user must be allowed to describe it.',
      details: { missing },
    });
  }
  const matched =
    pattern === undefined
      ? []
      : existing.filter((topic) => !isInternalTopic(topic) && matchesPattern(topic, pattern));
  return [...new Set([...topics, ...matched])].sort();
}

/**
 * Creates a topic and waits until its partitions have leaders.
 * @returns false when it existed.
 */
export async function createTopic(admin: Admin, config: ITopicConfig): Promise<boolean> {
  const created = await admin.createTopics({ waitForLeaders: false, topics: [config] });
  // A broker may not know the topic yet that the controller has just made.
  await withRetry(() => admin.fetchTopicMetadata({ topics: [config.topic] }), {
    attempts: 10,
    baseDelayMs: 100,
    maxDelayMs: 1_000,
    retryable: (error) => hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'),
  });
  return created;
}
