import { type ICustomPartitioner, Partitioners } from 'kafkajs';

/**
 * Java's partitioner: a key lands where every other client puts it. A message keeps its partition when kafkajs
 * repeats a send; otherwise one without key could be stored in two partitions, where no broker sees the repeat.
 */
export const stablePartitioner: ICustomPartitioner = () => {
  const choose = Partitioners.DefaultPartitioner();
  const chosen = new WeakMap<object, number>();
  return (request) => {
    const known = chosen.get(request.message);
    if (known !== undefined) return known;
    const partition = choose(request);
    chosen.set(request.message, partition);
    return partition;
  };
};
