import { defineCollection } from '@nocobase/database';
import { title } from '../fields/ui';

/** Who wants to be told of changes to the records of a collection. Flows register themselves; nobody edits this. */
export default defineCollection({
  name: 'crmRecordSubscriptions',
  title: title('Record subscriptions'),
  dataCategory: 'system',
  migrationRules: ['schema-only'],
  autoGenId: false,
  filterTargetKey: 'id',
  indexes: [{ unique: true, fields: ['userId', 'key'] }],
  fields: [
    { name: 'id', type: 'snowflakeId', primaryKey: true, allowNull: false },
    /** Chosen by the registering side, unique for its user. */
    { name: 'key', type: 'string', length: 200, allowNull: false },
    { name: 'userId', type: 'bigInt', allowNull: false },
    /** Roles that the user acted with when registering. */
    { name: 'roleNames', type: 'jsonb' },
    { name: 'url', type: 'string', length: 2000, allowNull: false },
    { name: 'encryptedSecret', type: 'text', hidden: true },
    { name: 'collectionName', type: 'string', allowNull: false },
    { name: 'eventNames', type: 'jsonb' },
    { name: 'fieldNames', type: 'jsonb' },
    { name: 'recordFilter', type: 'jsonb' },
    /** Set when it was unregistered: events are still kept until then, in case it comes back. */
    { name: 'endsAt', type: 'date' },
    {
      name: 'deliveries',
      type: 'hasMany',
      target: 'crmRecordDeliveries',
      foreignKey: 'subscriptionId',
      onDelete: 'CASCADE',
    },
  ],
});
