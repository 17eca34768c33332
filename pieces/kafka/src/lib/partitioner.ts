import { type ICustomPartitioner, Partitioners } from 'kafkajs';

/**
 * Java's partitioner: a key lands where every other client puts it. A message keeps its partition when kafkajs
 * repeats a send; otherwise one without key could be stored in two partitions, where no broker sees the repeat.
 */
export const stablePartitioner: ICustomPartitioner = () => {
  const choose = Partitioners.DefaultPartitioner();
  // What the default partitioner finds here it takes; a WeakMap would cost the collector more than the send.
  return (request) => (request.message.partition ??= choose(request));
};
