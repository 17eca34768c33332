import type { FlowMessage } from './messages';

export interface PayloadOptions {
  readonly delivery: 'message' | 'batch';
  readonly groupByKey: boolean;
}

/** What the runs of a flow get: one element is one run. Within a key the order is kept. */
export function toPayloads(
  messages: readonly FlowMessage[],
  { delivery, groupByKey }: PayloadOptions,
): unknown[] {
  if (delivery === 'message') return [...messages];
  if (!groupByKey) return [{ messages, count: messages.length, key: null }];
  const groups = new Map<string | null, FlowMessage[]>();
  for (const message of messages) {
    const group = groups.get(message.key);
    if (group) group.push(message);
    else groups.set(message.key, [message]);
  }
  return [...groups].map(([key, group]) => ({ messages: group, count: group.length, key }));
}
