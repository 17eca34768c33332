import { EVENT_TOPICS } from '@bizstack/contracts';
import { defineCollection } from '@nocobase/database';
import { checkbox, createdAt, id, multiSelect, text, title, updatedAt } from '../fields/ui';

/** Where other systems get the CRM's events: a signed POST an event. */
export default defineCollection({
  name: 'crmWebhooks',
  title: title('Outgoing webhooks'),
  dataCategory: 'business',
  migrationRules: ['schema-only', 'overwrite'],
  autoGenId: false,
  createdBy: true,
  updatedBy: true,
  filterTargetKey: 'id',
  titleField: 'title',
  fields: [
    id(),
    text('title', 'Title'),
    text('url', 'Address', { length: 2000 }),
    multiSelect(
      'eventTypes',
      'Events',
      Object.keys(EVENT_TOPICS)
        .filter((type) => type.startsWith('crm.'))
        .map((type) => ({ value: type, label: type })),
      ['crm.lead.scored'],
    ),
    checkbox('enabled', 'Enabled', true),
    /** Taken in plain once, at create or update; kept encrypted; never read back. */
    {
      name: 'secret',
      type: 'virtual',
      hidden: true,
      interface: 'password',
      uiSchema: { type: 'string', title: title('Secret'), 'x-component': 'Password' },
    },
    { name: 'encryptedSecret', type: 'text', hidden: true },
    {
      name: 'deliveries',
      type: 'hasMany',
      target: 'crmWebhookDeliveries',
      foreignKey: 'webhookId',
      onDelete: 'CASCADE',
      interface: 'o2m',
      uiSchema: {
        type: 'array',
        title: title('Deliveries'),
        'x-component': 'AssociationField',
        'x-component-props': { multiple: true },
      },
    },
    createdAt(),
    updatedAt(),
  ],
});
