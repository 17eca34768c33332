import { defineCollection } from '@nocobase/database';
import { createdAt, datetime, id, integer, longText, select, text, title } from '../fields/ui';

/** One event for one webhook: made in the event's own transaction, then tried until it is delivered or dead. */
export default defineCollection({
  name: 'crmWebhookDeliveries',
  title: title('Webhook deliveries'),
  dataCategory: 'system',
  migrationRules: ['schema-only'],
  autoGenId: false,
  updatedAt: false,
  filterTargetKey: 'id',
  indexes: [{ unique: true, fields: ['webhookId', 'eventId'] }, { fields: ['state', 'nextAttemptAt'] }],
  fields: [
    id(),
    {
      name: 'webhook',
      type: 'belongsTo',
      target: 'crmWebhooks',
      foreignKey: 'webhookId',
      onDelete: 'CASCADE',
      interface: 'm2o',
      uiSchema: {
        type: 'object',
        title: title('Webhook'),
        'x-component': 'AssociationField',
        'x-component-props': { fieldNames: { label: 'title', value: 'id' } },
      },
    },
    {
      name: 'eventId',
      type: 'uuid',
      autoFill: false,
      interface: 'uuid',
      uiSchema: { type: 'string', title: title('Event'), 'x-component': 'Input', 'x-read-pretty': true },
    },
    text('eventType', 'Event type', { readOnly: true }),
    { name: 'payload', type: 'jsonb', hidden: true },
    select('state', 'State', [
      { value: 'pending', label: 'Pending', color: 'blue' },
      { value: 'delivered', label: 'Delivered', color: 'green' },
      { value: 'dead', label: 'Given up', color: 'red' },
    ]),
    integer('attempts', 'Attempts'),
    datetime('nextAttemptAt', 'Next attempt at'),
    integer('responseStatus', 'HTTP status'),
    longText('lastError', 'Last error'),
    datetime('deliveredAt', 'Delivered at'),
    createdAt(),
  ],
});
