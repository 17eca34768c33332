import { defineCollection } from '@nocobase/database';
import { title } from '../fields/ui';

/**
 * One change for one subscription: written in the transaction of the change, deleted once it is delivered. Ids
 * grow, and changes to one record are serialised by its row lock, so ids of one record are in order.
 */
export default defineCollection({
  name: 'crmRecordDeliveries',
  title: title('Record deliveries'),
  dataCategory: 'system',
  migrationRules: ['schema-only'],
  autoGenId: false,
  updatedAt: false,
  filterTargetKey: 'id',
  indexes: [{ fields: ['subscriptionId', 'subject', 'id'] }, { fields: ['state', 'nextAttemptAt'] }],
  fields: [
    { name: 'id', type: 'bigInt', primaryKey: true, autoIncrement: true },
    {
      name: 'subscription',
      type: 'belongsTo',
      target: 'crmRecordSubscriptions',
      foreignKey: 'subscriptionId',
      onDelete: 'CASCADE',
    },
    { name: 'eventId', type: 'uuid', autoFill: false, allowNull: false },
    /** `<collection>/<key of the record>`: deliveries of one subject keep their order. */
    { name: 'subject', type: 'string', length: 500, allowNull: false },
    { name: 'payload', type: 'text', allowNull: false },
    { name: 'state', type: 'string', allowNull: false },
    { name: 'attempts', type: 'integer', defaultValue: 0 },
    { name: 'nextAttemptAt', type: 'date' },
    { name: 'responseStatus', type: 'integer' },
    { name: 'lastError', type: 'text' },
  ],
});
