import { defineCollection } from '@nocobase/database';
import { createdAt, id, json, longText, select, text, title } from '../fields/ui';

/** Every enquiry of a lead, the first included: what came in, where, and under which key. */
export default defineCollection({
  name: 'crmLeadTouches',
  title: title('Enquiries'),
  dataCategory: 'business',
  migrationRules: ['schema-only', 'overwrite'],
  autoGenId: false,
  updatedAt: false,
  filterTargetKey: 'id',
  fields: [
    id(),
    {
      name: 'lead',
      type: 'belongsTo',
      target: 'crmLeads',
      foreignKey: 'leadId',
      onDelete: 'CASCADE',
      interface: 'm2o',
      uiSchema: {
        type: 'object',
        title: title('Lead'),
        'x-component': 'AssociationField',
        'x-component-props': { fieldNames: { label: 'name', value: 'id' } },
      },
    },
    select('channel', 'Channel', [
      { value: 'form', label: 'Web form', color: 'blue' },
      { value: 'webhook', label: 'Webhook', color: 'cyan' },
      { value: 'admin', label: 'Entered by hand', color: 'default' },
      { value: 'api', label: 'API', color: 'purple' },
      { value: 'demo', label: 'Demo data', color: 'default' },
    ]),
    text('source', 'Source'),
    text('form', 'Form', { readOnly: true }),
    text('matchedBy', 'Matched by', { readOnly: true }),
    longText('message', 'Message'),
    json('payload', 'Data'),
    { name: 'idempotencyKey', type: 'string', length: 300, unique: true, hidden: true },
    { name: 'bodyHash', type: 'string', length: 64, hidden: true },
    createdAt(),
  ],
});
