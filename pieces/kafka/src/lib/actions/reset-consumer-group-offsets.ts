import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { kafkaAuth } from '../auth';
import { withReader } from '../client';
import { groupProp, topicProp } from '../props/topic';
import { kafkaError } from '../errors';
import { parseAuth } from '../config';
import { parsePositionKey } from '../positions';

const timestampSchema = z.iso.datetime({ offset: true, local: true });

export const resetConsumerGroupOffsets = createAction({
  auth: kafkaAuth,
  name: 'reset_consumer_group_offsets',
  displayName: 'Reset Consumer Group Offsets',
  description:
    'Moves a consumer group in a topic to the beginning, the end or a point in time. Its consumers must be stopped.',
  audience: 'human',
  aiMetadata: {
    description:
      'Move the committed offsets of a Kafka consumer group. Messages are then read again or passed over.',
    idempotent: true,
  },
  props: {
    groupId: groupProp,
    topic: topicProp,
    to: Property.StaticDropdown<'earliest' | 'latest' | 'timestamp', true>({
      displayName: 'Move to',
      description: 'Where the group goes on.',
      required: true,
      defaultValue: 'earliest',
      options: {
        options: [
          { label: 'The oldest message', value: 'earliest' },
          { label: 'The end', value: 'latest' },
          { label: 'A point in time', value: 'timestamp' },
        ],
      },
    }),
    timestamp: Property.DateTime({
      displayName: 'Start time',
      description: 'For "A point in time".',
      required: false,
    }),
  },
  outputSchema: {
    fields: [
      {
        key: 'partitions',
        label: 'Partitions',
        listItems: [
          { key: 'topic', label: 'Topic' },
          { key: 'partition', label: 'Partition', format: 'number' },
          { key: 'offset', label: 'Offset' },
        ],
      },
    ],
  },
  async run({ auth, propsValue: { groupId, topic, to, timestamp } }) {
    if (to === 'timestamp' && !timestamp) {
      throw new BizError('BIZ_INPUT_INVALID', '"Start time" is missing.', {
        hint: 'The chosen place needs it.',
      });
    }
    const start =
      to === 'timestamp'
        ? { timestamp: new Date(parseInput('Start time', timestamp, timestampSchema)).getTime() }
        : to;
    return withReader({ auth: auth.props, owner: 'reset', topics: [topic] }, async (reader) => {
      const positions = await reader.resolve(await reader.partitions(), start);
      try {
        await reader.commit(groupId, positions);
      } catch (error) {
        throw kafkaError(error, { brokers: parseAuth(auth.props).brokers, groupId });
      }
      return {
        partitions: Object.entries(positions).map(([key, offset]) => ({ ...parsePositionKey(key), offset })),
      };
    });
  },
});
