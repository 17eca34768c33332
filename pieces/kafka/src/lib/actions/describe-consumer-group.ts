import { createAction } from '@activepieces/pieces-framework';
import type { Admin } from 'kafkajs';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';
import { groupProp } from '../props/topic';

export const describeConsumerGroup = createAction({
  auth: kafkaAuth,
  name: 'describe_consumer_group',
  displayName: 'Describe Consumer Group',
  description: 'Gives the members of a consumer group and its lag per partition.',
  audience: 'both',
  aiMetadata: {
    description: 'State, members and lag per partition of a Kafka consumer group.',
    idempotent: true,
  },
  props: { groupId: groupProp },
  outputSchema: {
    fields: [
      { key: 'groupId', label: 'ID' },
      { key: 'state', label: 'State' },
      { key: 'members', label: 'Members', format: 'number' },
      { key: 'lag', label: 'Lag', format: 'number' },
      {
        key: 'partitions',
        label: 'Partitions',
        listItems: [
          { key: 'topic', label: 'Topic' },
          { key: 'partition', label: 'Partition', format: 'number' },
          { key: 'offset', label: 'Offset' },
          { key: 'endOffset', label: 'End offset' },
          { key: 'lag', label: 'Lag', format: 'number' },
        ],
      },
    ],
  },
  async run({ auth, propsValue: { groupId } }) {
    return withAdmin(auth.props, (admin) => describe(admin, groupId), { groupId });
  },
});

async function describe(admin: Admin, groupId: string) {
  const { groups } = await admin.describeGroups([groupId]);
  const committed = await admin.fetchOffsets({ groupId });
  const partitions = (
    await Promise.all(
      committed.map(async ({ topic, partitions: offsets }) => {
        const ends = await admin.fetchTopicOffsets(topic);
        return offsets
          .filter(({ offset }) => offset !== '-1')
          .map(({ partition, offset }) => {
            const endOffset = ends.find((end) => end.partition === partition)?.high ?? offset;
            return { topic, partition, offset, endOffset, lag: Number(BigInt(endOffset) - BigInt(offset)) };
          });
      }),
    )
  ).flat();
  return {
    groupId,
    // A group that does not exist and one without members and offsets look the same to Kafka: "Dead".
    state: groups[0]?.state ?? 'Unknown',
    members: groups[0]?.members.length ?? 0,
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    partitions,
  };
}
