import { raw, uniqueName, withAdmin } from './kafka';

/** What a dead letter topic holds, in the order of its partitions' offsets. */
export async function readLetters(
  topic: string,
): Promise<{ value: string; headers: Record<string, string> }[]> {
  const ends = await withAdmin((admin) => admin.fetchTopicOffsets(topic));
  const total = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const found: { timestamp: string; value: string; headers: Record<string, string> }[] = [];
  const consumer = raw.consumer({ groupId: uniqueName('letters'), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
          found.push({
            timestamp: message.timestamp,
            value: message.value?.toString() ?? '',
            headers: Object.fromEntries(headers) as Record<string, string>,
          });
          if (found.length >= total) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return found
    .sort((a, b) => Number(a.headers['dlq-origin-offset']) - Number(b.headers['dlq-origin-offset']))
    .map(({ value, headers }) => ({ value, headers }));
}
