import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError } from '@bizstack/piece-common';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';
import { topicProp } from '../props/topic';

export const deleteTopic = createAction({
  auth: kafkaAuth,
  name: 'delete_topic',
  displayName: 'Delete Topic',
  description: 'Deletes a topic with all its messages. Cannot be undone.',
  audience: 'human',
  aiMetadata: {
    description: 'Delete a Kafka topic and all of its messages. Destructive.',
    idempotent: false,
  },
  props: {
    topic: topicProp,
    confirm: Property.ShortText({
      displayName: 'Confirm',
      description: 'Write the name of the topic again.',
      required: true,
    }),
  },
  outputSchema: { fields: [{ key: 'deleted', label: 'Deleted topic' }] },
  async run({ auth, propsValue: { topic, confirm } }) {
    if (confirm !== topic) {
      throw new BizError('BIZ_KAFKA_NOT_CONFIRMED', `"Confirm" is not "${topic}".`, {
        hint: 'Write the name of the topic to delete.',
      });
    }
    await withAdmin(auth.props, (admin) => admin.deleteTopics({ topics: [topic] }), { topic });
    return { deleted: topic };
  },
});
