import { z } from 'zod';

/** Next offset to read by `topic:partition`; a topic name never holds a colon. */
export type Positions = Record<string, string>;

export const positionsSchema: z.ZodType<Positions> = z.record(z.string(), z.string().regex(/^\d+$/));

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export function positionKey({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}

export function parsePositionKey(key: string): TopicPartition {
  const colon = key.lastIndexOf(':');
  return { topic: key.slice(0, colon), partition: Number(key.slice(colon + 1)) };
}

/** The offset after `offset`. */
export function nextOffset(offset: string): string {
  return (BigInt(offset) + 1n).toString();
}

/** Groups entries by topic, as Kafka's requests want them. */
export function byTopic<T extends TopicPartition>(
  entries: readonly T[],
): { topic: string; partitions: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const entry of entries) groups.set(entry.topic, [...(groups.get(entry.topic) ?? []), entry]);
  return [...groups].map(([topic, partitions]) => ({ topic, partitions }));
}
