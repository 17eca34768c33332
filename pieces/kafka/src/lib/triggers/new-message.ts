import {
  createTrigger,
  Property,
  type StaticPropsValue,
  TriggerStrategy,
} from '@activepieces/pieces-framework';
import { kafkaAuth } from '../auth';
import { listenProps, messageOutputSchema, messageSample, onUnreadableProp } from '../props/listen';
import { pollMessages, prepareOffsets, sampleMessages } from './new-message-poll';
import { parseSettings } from './new-message-settings';

const props = {
  ...listenProps,
  maxMessages: Property.Number({
    displayName: 'Messages per poll',
    description: '1 to 1,000. Size of a batch, or number of runs that one poll starts.',
    required: false,
    defaultValue: 100,
  }),
  batchesPerPoll: Property.Number({
    displayName: 'Batches per poll',
    description:
      '1 to 100, for batches without a key: that many runs start at the same time. Raise it to catch up with a backlog where the order does not matter.',
    required: false,
    defaultValue: 1,
  }),
  onUnreadable: onUnreadableProp('stop'),
  offsetStorage: Property.StaticDropdown<'group' | 'flow', false>({
    displayName: 'Keep offsets in',
    description: 'A consumer group shows the lag in every Kafka tool; the flow needs no rights on groups.',
    required: false,
    defaultValue: 'group',
    options: {
      options: [
        { label: 'A consumer group', value: 'group' },
        { label: 'The flow', value: 'flow' },
      ],
    },
  }),
  groupId: Property.ShortText({
    displayName: 'Consumer group ID',
    description: 'bizstack-flow-<id of the flow> if empty. No other consumer may use it.',
    required: false,
  }),
  afterCrash: Property.StaticDropdown<'redeliver' | 'continue', false>({
    displayName: 'When the engine ended after a poll',
    description:
      'Deliver the last batch again: nothing is lost, some messages may come twice. Go on only where the engine starts a new process for every poll.',
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

export type NewMessageProps = StaticPropsValue<typeof props>;

export const newMessage = createTrigger({
  auth: kafkaAuth,
  name: 'new_message',
  displayName: 'New Message',
  description: 'Starts a run for each new message (or batch of messages) in one or more topics.',
  aiMetadata: {
    description:
      'Fires for new Kafka messages. Output: {topic, partition, offset, timestamp, key, headers, value}; in batch mode {messages: [...], count, key}. Delivery is at least once: use an id in the message to recognise repeats.',
  },
  type: TriggerStrategy.POLLING,
  props,
  sampleData: messageSample,
  outputSchema: messageOutputSchema,
  async onEnable(context) {
    const { auth, propsValue, store, flows } = context;
    // The shortest that Activepieces allows.
    context.setSchedule({ cronExpression: '* * * * *', timezone: 'UTC' });
    await prepareOffsets({ auth: auth.props, store, settings: parseSettings(propsValue, flows.current.id) });
  },
  async onDisable() {
    // Offsets stay: publishing again must go on where it was.
  },
  async run({ auth, propsValue, store, flows }) {
    return pollMessages({ auth: auth.props, store, settings: parseSettings(propsValue, flows.current.id) });
  },
  async test({ auth, propsValue, store, flows }) {
    return sampleMessages({ auth: auth.props, store, settings: parseSettings(propsValue, flows.current.id) });
  },
});
