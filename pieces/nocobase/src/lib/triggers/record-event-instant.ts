import {
  createTrigger,
  DEDUPE_KEY_PROPERTY,
  Property,
  TriggerStrategy,
  WebhookRenewStrategy,
} from '@activepieces/pieces-framework';
import { clientOf, nocobaseAuth } from '../auth';
import { changedFieldsProp, collectionProp, filterProp } from '../props';
import { receive, sampleChanges, subscribe, unsubscribe } from '../subscription';

export const recordEventInstantTrigger = createTrigger({
  name: 'record_event_instant',
  auth: nocobaseAuth,
  displayName: 'Record Created, Updated or Deleted (Instant)',
  description:
    'Starts a run at once for each record that is created, updated or deleted. Needs @bizstack/plugin-crm in NocoBase',
  aiMetadata: {
    description:
      'Fires within a second when a record of a NocoBase collection is created, updated or deleted; needs @bizstack/plugin-crm. Output: {id, event, collection, recordId, record, changed, time}; for deletions record is what it was. Changes of one record come in order, at least once.',
  },
  type: TriggerStrategy.WEBHOOK,
  props: {
    collection: collectionProp,
    events: Property.StaticMultiSelectDropdown({
      displayName: 'Events',
      description: 'What starts a run.',
      required: true,
      defaultValue: ['created', 'updated', 'deleted'],
      options: {
        options: [
          { label: 'Created', value: 'created' },
          { label: 'Updated', value: 'updated' },
          { label: 'Deleted', value: 'deleted' },
        ],
      },
    }),
    fields: changedFieldsProp,
    filter: filterProp,
  },
  sampleData: {
    id: '019b0000-0000-7000-8000-000000000000',
    event: 'updated',
    collection: 'customers',
    recordId: 1,
    record: { id: 1, title: 'Example', updatedAt: '2026-01-01T12:00:00.000Z' },
    changed: ['title'],
    time: '2026-01-01T12:00:00.000Z',
  },
  outputSchema: {
    fields: [
      { key: 'id', label: 'Event ID', description: 'The same when an event comes twice' },
      { key: 'event', label: 'Event', description: 'created, updated or deleted' },
      { key: 'collection', label: 'Collection' },
      { key: 'recordId', label: 'Record ID' },
      { key: 'record', label: 'Record', description: 'Without the fields that the role may not see' },
      { key: 'changed', label: 'Changed fields' },
      { key: 'time', label: 'Time', format: 'datetime' },
    ],
  },
  // Puts the subscription back when NocoBase has lost it, for example after the plugin was installed anew.
  renewConfiguration: { strategy: WebhookRenewStrategy.CRON, cronExpression: '0 * * * *' },
  async onEnable({ auth, store, propsValue, webhookUrl }) {
    await subscribe({ client: clientOf(auth), webhookUrl }, store, propsValue);
  },
  async onRenew({ auth, store, propsValue, webhookUrl }) {
    await subscribe({ client: clientOf(auth), webhookUrl }, store, propsValue);
  },
  async onDisable({ auth, webhookUrl }) {
    await unsubscribe({ client: clientOf(auth), webhookUrl });
  },
  async run({ payload, store }) {
    const change = await receive(payload, store);
    return [{ ...change, [DEDUPE_KEY_PROPERTY]: change.id }];
  },
  async test({ auth, propsValue }) {
    return sampleChanges(clientOf(auth), propsValue);
  },
});
