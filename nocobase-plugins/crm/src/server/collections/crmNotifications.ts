import { defineCollection } from '@nocobase/database';
import { title } from '../fields/ui';

/** Keys of notifications that were sent, so that a repeated request sends nothing twice. */
export default defineCollection({
  name: 'crmNotifications',
  title: title('Notifications sent'),
  dataCategory: 'system',
  migrationRules: ['schema-only'],
  autoGenId: false,
  updatedAt: false,
  filterTargetKey: 'key',
  fields: [
    { name: 'key', type: 'string', length: 300, primaryKey: true, allowNull: false },
    { name: 'title', type: 'text' },
    { name: 'userIds', type: 'jsonb' },
    { name: 'createdAt', type: 'date', field: 'createdAt' },
  ],
});
