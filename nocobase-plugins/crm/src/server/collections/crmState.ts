import { defineCollection } from '@nocobase/database';
import { title } from '../fields/ui';

/** What the plugin remembers about itself, by name. Not shown in the user interface. */
export default defineCollection({
  name: 'crmState',
  title: title('CRM state'),
  dataCategory: 'system',
  migrationRules: ['schema-only'],
  autoGenId: false,
  timestamps: false,
  filterTargetKey: 'name',
  fields: [
    { name: 'name', type: 'string', primaryKey: true, allowNull: false },
    { name: 'value', type: 'jsonb' },
  ],
});
