import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { clientOf, nocobaseAuth } from '../auth';
import { collectionProp, filterProp } from '../props';
import { pollRecords, prepareCursor, sampleRecords } from '../record-poll';

const props = {
  collection: collectionProp,
  event: Property.StaticDropdown<'created' | 'changed', true>({
    displayName: 'Event',
    description: 'Deleted records cannot be seen by polling.',
    required: true,
    defaultValue: 'created',
    options: {
      options: [
        { label: 'Record created', value: 'created' },
        { label: 'Record created or updated', value: 'changed' },
      ],
    },
  }),
  filter: filterProp,
  maxRecords: Property.Number({
    displayName: 'Records per Poll',
    description: '1 to 200. The rest comes with the next poll.',
    required: false,
    defaultValue: 100,
  }),
  start: Property.StaticDropdown<'now' | 'all', false>({
    displayName: 'Start at',
    description:
      'Where to begin when the flow is published for the first time. Publishing again goes on where it was.',
    required: false,
    defaultValue: 'now',
    options: {
      options: [
        { label: 'New events only', value: 'now' },
        { label: 'All records', value: 'all' },
      ],
    },
  }),
  afterCrash: Property.StaticDropdown<'redeliver' | 'continue', false>({
    displayName: 'When the engine ended after a poll',
    description:
      'Deliver the last batch again: nothing is lost, some records may come twice. Go on only where the engine starts a new process for every poll.',
    required: false,
    defaultValue: 'redeliver',
    options: {
      options: [
        { label: 'Deliver the last batch again', value: 'redeliver' },
        { label: 'Go on after it', value: 'continue' },
      ],
    },
  }),
};

export const recordEventTrigger = createTrigger({
  name: 'record_event',
  auth: nocobaseAuth,
  displayName: 'Record Created or Updated',
  description: 'Starts a run for each record that was created (or changed) in a collection',
  aiMetadata: {
    description:
      'Fires for records of a NocoBase collection that were created or changed since the last poll, oldest first. Delivery is at least once.',
  },
  type: TriggerStrategy.POLLING,
  props,
  sampleData: {
    id: 1,
    createdAt: '2026-01-01T12:00:00.000Z',
    updatedAt: '2026-01-01T12:00:00.000Z',
    title: 'Example',
  },
  outputSchema: {
    fields: [
      { key: 'id', label: 'ID' },
      { key: 'createdAt', label: 'Created at', format: 'datetime' },
      { key: 'updatedAt', label: 'Updated at', format: 'datetime' },
    ],
  },
  async onEnable(context) {
    // The shortest that Activepieces allows.
    context.setSchedule({ cronExpression: '* * * * *', timezone: 'UTC' });
    await prepareCursor({
      client: clientOf(context.auth),
      store: context.store,
      settings: context.propsValue,
    });
  },
  async onDisable() {
    // The position stays: publishing again must go on where it was.
  },
  async run({ auth, store, propsValue }) {
    return pollRecords({ client: clientOf(auth), store, settings: propsValue });
  },
  async test({ auth, propsValue }) {
    return sampleRecords(clientOf(auth), propsValue);
  },
});
