import { defineCollection } from '@nocobase/database';
import { title } from '../fields/ui';

/**
 * Events that wait for Kafka. The lower-case columns are those that Debezium's outbox event router reads, so a
 * large installation can let Debezium publish them instead of the plugin's relay. Column names are fixed: they do
 * not follow DB_UNDERSCORED.
 */
export default defineCollection({
  name: 'bizstackOutbox',
  title: title('Event outbox'),
  dataCategory: 'system',
  migrationRules: ['schema-only'],
  autoGenId: false,
  timestamps: false,
  filterTargetKey: 'id',
  indexes: [{ fields: ['publishedAt', 'id'] }],
  fields: [
    /** The event's id, a UUIDv7: ids sort by time, and the relay sends in their order. */
    { name: 'id', type: 'uuid', autoFill: false, primaryKey: true, allowNull: false },
    { name: 'topic', type: 'string', allowNull: false },
    { name: 'aggregatetype', type: 'string', allowNull: false },
    { name: 'aggregateid', type: 'string', allowNull: false },
    { name: 'type', type: 'string', allowNull: false },
    { name: 'payload', type: 'jsonb', allowNull: false },
    { name: 'publishedAt', type: 'date', field: 'publishedAt' },
    { name: 'attempts', type: 'integer', defaultValue: 0 },
    { name: 'lastError', type: 'text', field: 'lastError' },
    { name: 'createdAt', type: 'date', field: 'createdAt' },
  ],
});
