import { Property } from '@activepieces/pieces-framework';
import { dropdownState } from '@bizstack/piece-common';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';
import { isInternalTopic } from '../topics';

async function topicOptions(auth: { props: unknown }) {
  const topics = await withAdmin(auth.props, (admin) => admin.listTopics());
  return topics
    .filter((topic) => !isInternalTopic(topic))
    .sort()
    .map((topic) => ({ label: topic, value: topic }));
}

const EMPTY = 'The cluster has no topics yet';

/** One topic, chosen from the cluster's. */
export const topicProp = Property.Dropdown<string, true, typeof kafkaAuth>({
  auth: kafkaAuth,
  displayName: 'Topic',
  description: 'Name of the topic.',
  required: true,
  refreshers: [],
  options: ({ auth }) => dropdownState({ auth, load: topicOptions, empty: EMPTY }),
});

/** A dead letter topic, chosen from the cluster's; those that are called so come first. */
export const deadLetterTopicProp = Property.Dropdown<string, true, typeof kafkaAuth>({
  auth: kafkaAuth,
  displayName: 'Dead letter topic',
  description: 'The topic whose messages are sent back.',
  required: true,
  refreshers: [],
  options: ({ auth }) =>
    dropdownState({
      auth,
      load: async (connection) => {
        const options = await topicOptions(connection);
        const isDeadLetter = ({ value }: { value: string }) => /dlq|dead/i.test(value);
        return [...options.filter(isDeadLetter), ...options.filter((option) => !isDeadLetter(option))];
      },
      empty: EMPTY,
    }),
});

/** Several topics, chosen from the cluster's. */
export const topicsProp = Property.MultiSelectDropdown<string, false, typeof kafkaAuth>({
  auth: kafkaAuth,
  displayName: 'Topics',
  description: 'The topics to listen to.',
  required: false,
  refreshers: [],
  options: ({ auth }) => dropdownState({ auth, load: topicOptions, empty: EMPTY }),
});

/** A consumer group, chosen from the cluster's. */
export const groupProp = Property.Dropdown<string, true, typeof kafkaAuth>({
  auth: kafkaAuth,
  displayName: 'Consumer group',
  description: 'ID of the consumer group.',
  required: true,
  refreshers: [],
  options: ({ auth }) =>
    dropdownState({
      auth,
      load: async (connection) => {
        const { groups } = await withAdmin(connection.props, (admin) => admin.listGroups());
        return groups
          .map(({ groupId }) => ({ label: groupId, value: groupId }))
          .sort((a, b) => a.label.localeCompare(b.label));
      },
      empty: 'The cluster has no consumer groups yet',
    }),
});
