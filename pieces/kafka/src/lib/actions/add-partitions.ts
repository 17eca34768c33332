import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';
import { topicProp } from '../props/topic';

export const addPartitions = createAction({
  auth: kafkaAuth,
  name: 'add_partitions',
  displayName: 'Add Partitions',
  description: 'Raises the number of partitions of a topic. Keys move to other partitions from then on.',
  audience: 'human',
  aiMetadata: {
    description: 'Raise the partition count of a Kafka topic to a total. Cannot be lowered again.',
    idempotent: true,
  },
  props: {
    topic: topicProp,
    total: Property.Number({
      displayName: 'Partitions in all',
      description: 'The new total. Nothing happens when the topic has that many already.',
      required: true,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'topic', label: 'Topic' },
      { key: 'before', label: 'Partitions before', format: 'number' },
      { key: 'partitions', label: 'Partitions', format: 'number' },
    ],
  },
  async run({ auth, propsValue: { topic, total } }) {
    const count = parseInput('Partitions in all', total, z.coerce.number().int().min(1).max(10_000));
    return withAdmin(
      auth.props,
      async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        const before = topics[0]?.partitions.length ?? 0;
        if (before !== count) await admin.createPartitions({ topicPartitions: [{ topic, count }] });
        return { topic, before, partitions: count };
      },
      { topic },
    );
  },
});
