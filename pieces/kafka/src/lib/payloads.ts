import type { FlowMessage } from './messages';

export interface PayloadOptions {
  readonly delivery: 'message' | 'batch';
  readonly groupByKey: boolean;
  /** Messages in a batch. */
  readonly maxMessages: number;
}

/** What the runs of a flow get: one element is one run. Within a key the order is kept. */
export function toPayloads(
  messages: readonly FlowMessage[],
  { delivery, groupByKey, maxMessages }: PayloadOptions,
): unknown[] {
  if (delivery === 'message') return [...messages];
  if (!groupByKey) {
    return Array.from({ length: Math.ceil(messages.length / maxMessages) }, (_, n) => {
      const batch = messages.slice(n * maxMessages, (n + 1) * maxMessages);
      return { messages: batch, count: batch.length, key: null };
    });
  }
  const groups = new Map<string | null, FlowMessage[]>();
  for (const message of messages) {
    const group = groups.get(message.key);
    if (group) group.push(message);
    else groups.set(message.key, [message]);
  }
  return [...groups].map(([key, group]) => ({ messages: group, count: group.length, key }));
}
