import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { pollPoints, prepareCursor, samplePoints } from '../point-poll';
import { collectionProp, filterProp, indexedFieldProp } from '../props';

export const newPointTrigger = createTrigger({
  name: 'new_point',
  auth: qdrantAuth,
  displayName: 'New Point',
  description: 'Starts a run for each point whose time field is later than those seen before',
  aiMetadata: {
    description:
      'Fires for points of a Qdrant collection with a newer datetime payload field, oldest first. Delivery is at least once.',
  },
  type: TriggerStrategy.POLLING,
  props: {
    collection: collectionProp,
    field: indexedFieldProp,
    filter: filterProp,
    maxPoints: Property.Number({
      displayName: 'Points per Poll',
      description: '1 to 1,000. The rest comes with the next poll.',
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
          { label: 'New points only', value: 'now' },
          { label: 'All points', value: 'all' },
        ],
      },
    }),
    afterCrash: Property.StaticDropdown<'redeliver' | 'continue', false>({
      displayName: 'When the engine ended after a poll',
      description:
        'Deliver the last batch again: nothing is lost, some points may come twice. Go on only where the engine starts a new process for every poll.',
      required: false,
      defaultValue: 'redeliver',
      options: {
        options: [
          { label: 'Deliver the last batch again', value: 'redeliver' },
          { label: 'Go on after it', value: 'continue' },
        ],
      },
    }),
  },
  sampleData: {
    id: '5c56c793-69f3-4fbf-87e6-c4bf54c28c26',
    payload: { createdAt: '2026-01-01T12:00:00Z', text: 'Example' },
  },
  outputSchema: {
    fields: [
      { key: 'id', label: 'ID' },
      { key: 'payload', label: 'Payload' },
    ],
  },
  async onEnable(context) {
    // The shortest that Activepieces allows.
    context.setSchedule({ cronExpression: '* * * * *', timezone: 'UTC' });
    await prepareCursor({
      client: clientOf(context.auth.props),
      store: context.store,
      settings: context.propsValue,
    });
  },
  async onDisable() {
    // The position stays: publishing again must go on where it was.
  },
  async run({ auth, store, propsValue }) {
    return pollPoints({ client: clientOf(auth.props), store, settings: propsValue });
  },
  async test({ auth, propsValue }) {
    return samplePoints(clientOf(auth.props), propsValue);
  },
});
