import { readFileSync } from 'node:fs';
import { Kafka, KafkaJSProtocolError, logLevel, type ITopicConfig } from 'kafkajs';
import { z } from 'zod';

const layoutSchema = z.object({
  partitions: z.number().int().positive(),
  config: z.record(z.string(), z.string()),
});
const topicsSchema = z.object({
  deadLetterSuffix: z.string(),
  deadLetter: layoutSchema,
  topics: z.array(layoutSchema.extend({ name: z.string() })).min(1),
});

/** The topics of `topics.json`, each followed by its dead letters. */
export function readTopics(file: string): ITopicConfig[] {
  const { topics, deadLetter, deadLetterSuffix } = topicsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const toTopic = (name: string, { partitions, config }: z.infer<typeof layoutSchema>): ITopicConfig => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor: 1,
    configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  });
  return topics.flatMap((topic) => [
    toTopic(topic.name, topic),
    toTopic(`${topic.name}${deadLetterSuffix}`, deadLetter),
  ]);
}

/** Creates the topics that are missing; topics that are there keep their partitions and settings. */
export async function createTopics(brokers: string, file: string): Promise<void> {
  const admin = kafkaClient(brokers).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = readTopics(file).filter(({ topic }) => !existing.has(topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
  } catch (error) {
    // Another starter created it between the two calls: that is what was wanted.
    if (!(error instanceof KafkaJSProtocolError && error.type === 'TOPIC_ALREADY_EXISTS')) throw error;
  } finally {
    await admin.disconnect();
  }
}

/** A client that fails soon: whoever waits asks again. */
export function kafkaClient(brokers: string): Kafka {
  return new Kafka({
    clientId: 'bizstack-native',
    brokers: [brokers],
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry: { retries: 2, initialRetryTime: 100 },
    logLevel: logLevel.NOTHING,
  });
}
