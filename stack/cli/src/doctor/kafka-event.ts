import { TOPICS } from '@bizstack/contracts';
import { Kafka, logLevel } from 'kafkajs';
import { z } from 'zod';

const eventSchema = z.object({ id: z.string() });

export interface FoundMessage {
  readonly partition: number;
  readonly offset: string;
}

/**
 * Looks through the messages since a moment with a group of its own, which is removed afterwards.
 * @param sinceMs Unix milliseconds
 * @throws Error when the event does not come within the time
 */
export async function findEvent(
  brokers: string,
  eventId: string,
  sinceMs: number,
  timeoutMs: number,
): Promise<FoundMessage> {
  const kafka = new Kafka({
    clientId: 'bizstack-doctor',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
  });
  const groupId = `bizstack-doctor-${eventId}`;
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId });
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsetsByTimestamp(TOPICS.crm, sinceMs);
    await consumer.connect();
    await consumer.subscribe({ topic: TOPICS.crm, fromBeginning: true });
    return await new Promise<FoundMessage>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no such message on ${TOPICS.crm}`)), timeoutMs);
      const finish = (action: () => void): void => {
        clearTimeout(timer);
        action();
      };
      consumer.on(consumer.events.CRASH, ({ payload }) => finish(() => reject(payload.error)));
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ message, partition }) => {
            if (idOf(message.value) === eventId) finish(() => resolve({ partition, offset: message.offset }));
          },
        })
        .then(() => {
          for (const { partition, offset } of offsets)
            consumer.seek({ topic: TOPICS.crm, partition, offset });
        })
        .catch((error: unknown) =>
          finish(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
    });
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

function idOf(value: Buffer | null): string | undefined {
  try {
    return eventSchema.parse(JSON.parse(String(value))).id;
  } catch {
    return undefined;
  }
}
