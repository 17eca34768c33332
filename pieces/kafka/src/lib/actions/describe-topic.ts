import { createAction } from '@activepieces/pieces-framework';
import { type Admin, ConfigResourceTypes } from 'kafkajs';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';
import { topicProp } from '../props/topic';

export const describeTopic = createAction({
  auth: kafkaAuth,
  name: 'describe_topic',
  displayName: 'Describe Topic',
  description: 'Gives the partitions, offsets and settings of a topic.',
  audience: 'both',
  aiMetadata: {
    description:
      'Partitions (leader, replicas, first and last offset), message estimate and settings of a Kafka topic.',
    idempotent: true,
  },
  props: { topic: topicProp },
  outputSchema: {
    fields: [
      { key: 'name', label: 'Name' },
      { key: 'messages', label: 'Messages (estimate)', format: 'number' },
      {
        key: 'partitions',
        label: 'Partitions',
        listItems: [
          { key: 'partition', label: 'Partition', format: 'number' },
          { key: 'leader', label: 'Leader', format: 'number' },
          { key: 'firstOffset', label: 'First offset' },
          { key: 'endOffset', label: 'End offset' },
        ],
      },
      { key: 'config', label: 'Settings', dynamicKey: true },
    ],
  },
  async run({ auth, propsValue: { topic } }) {
    return withAdmin(auth.props, (admin) => describe(admin, topic), { topic });
  },
});

async function describe(admin: Admin, topic: string) {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const offsets = await admin.fetchTopicOffsets(topic);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  const partitions = (topics[0]?.partitions ?? [])
    .map(({ partitionId, leader, replicas, isr }) => {
      const found = offsets.find(({ partition }) => partition === partitionId);
      return {
        partition: partitionId,
        leader,
        replicas,
        inSync: isr,
        firstOffset: found?.low ?? null,
        endOffset: found?.high ?? null,
      };
    })
    .sort((a, b) => a.partition - b.partition);
  return {
    name: topic,
    messages: offsets.reduce((sum, { low, high }) => sum + Number(BigInt(high) - BigInt(low)), 0),
    partitions,
    config: Object.fromEntries(
      (resources[0]?.configEntries ?? [])
        .filter(({ isSensitive }) => !isSensitive)
        .map(({ configName, configValue }) => [configName, configValue]),
    ),
  };
}
