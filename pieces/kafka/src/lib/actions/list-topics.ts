import { createAction, Property } from '@activepieces/pieces-framework';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';
import { isInternalTopic, matchesPattern } from '../topics';

export const listTopics = createAction({
  auth: kafkaAuth,
  name: 'list_topics',
  displayName: 'List Topics',
  description: 'Lists the topics of the cluster that the user may see.',
  audience: 'both',
  aiMetadata: { description: 'List Kafka topics with their number of partitions.', idempotent: true },
  props: {
    pattern: Property.ShortText({
      displayName: 'Pattern',
      description: 'Only names that match, with * for any characters. All if empty.',
      required: false,
    }),
    internal: Property.Checkbox({
      displayName: 'Internal topics',
      description: 'Also those that Kafka keeps for itself.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      {
        key: 'topics',
        label: 'Topics',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'partitions', label: 'Partitions', format: 'number' },
        ],
      },
    ],
  },
  async run({ auth, propsValue: { pattern, internal } }) {
    const { topics } = await withAdmin(auth.props, (admin) => admin.fetchTopicMetadata());
    return {
      topics: topics
        .filter(
          ({ name }) =>
            (internal === true || !isInternalTopic(name)) && (!pattern || matchesPattern(name, pattern)),
        )
        .map(({ name, partitions }) => ({ name, partitions: partitions.length }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
  },
});
