import { createAction } from '@activepieces/pieces-framework';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';

export const listConsumerGroups = createAction({
  auth: kafkaAuth,
  name: 'list_consumer_groups',
  displayName: 'List Consumer Groups',
  description: 'Lists the consumer groups of the cluster.',
  audience: 'both',
  aiMetadata: { description: 'List Kafka consumer groups.', idempotent: true },
  props: {},
  outputSchema: {
    fields: [
      {
        key: 'groups',
        label: 'Groups',
        listItems: [
          { key: 'groupId', label: 'ID' },
          { key: 'protocolType', label: 'Protocol' },
        ],
      },
    ],
  },
  async run({ auth }) {
    const { groups } = await withAdmin(auth.props, (admin) => admin.listGroups());
    return { groups: [...groups].sort((a, b) => (a.groupId < b.groupId ? -1 : 1)) };
  },
});
