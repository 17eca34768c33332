import {
  createTrigger,
  Property,
  type StaticPropsValue,
  TriggerStrategy,
} from '@activepieces/pieces-framework';
import { kafkaAuth } from '../auth';
import { filtersProp, formatProp } from '../props/message';
import { topicsProp } from '../props/topic';
import { pollMessages, prepareOffsets, sampleMessages } from './new-message-poll';
import { parseSettings } from './new-message-settings';

const props = {
  topics: topicsProp,
  topicPattern: Property.ShortText({
    displayName: 'Topic pattern',
    description:
      'Also every topic that matches, with * for any characters. Topics made later join by themselves.',
    required: false,
  }),
  format: formatProp('What the values of the messages are.'),
  filters: filtersProp,
  delivery: Property.StaticDropdown<'message' | 'batch', false>({
    displayName: 'Runs',
    description: 'Batches carry far more messages a second.',
    required: false,
    defaultValue: 'message',
    options: {
      options: [
        { label: 'One run for each message', value: 'message' },
        { label: 'One run for each batch', value: 'batch' },
      ],
    },
  }),
  maxMessages: Property.Number({
    displayName: 'Messages per poll',
    description: '1 to 1,000. Size of a batch, or number of runs that one poll starts.',
    required: false,
    defaultValue: 100,
  }),
  groupByKey: Property.Checkbox({
    displayName: 'One batch per key',
    description: 'For batches: one run for each key, with its messages in order.',
    required: false,
    defaultValue: false,
  }),
  start: Property.StaticDropdown<'latest' | 'earliest' | 'timestamp', false>({
    displayName: 'Start at',
    description:
      'Where to begin when the flow is published for the first time. Publishing again goes on where it was.',
    required: false,
    defaultValue: 'latest',
    options: {
      options: [
        { label: 'New messages only', value: 'latest' },
        { label: 'The oldest message', value: 'earliest' },
        { label: 'A point in time', value: 'timestamp' },
      ],
    },
  }),
  startTimestamp: Property.DateTime({
    displayName: 'Start time',
    description: 'For "A point in time".',
    required: false,
  }),
  onUnreadable: Property.StaticDropdown<'stop' | 'skip' | 'dead_letter', false>({
    displayName: 'Unreadable messages',
    description: 'What to do with a message that is not in the format.',
    required: false,
    defaultValue: 'stop',
    options: {
      options: [
        { label: 'Stop before it and report the error', value: 'stop' },
        { label: 'Skip it', value: 'skip' },
        { label: 'Move it to a dead letter topic', value: 'dead_letter' },
      ],
    },
  }),
  deadLetterTopic: Property.ShortText({
    displayName: 'Dead letter topic',
    description: 'Its own name followed by .dlq if empty. Made when it is missing.',
    required: false,
  }),
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
  sampleData: {
    topic: 'bizstack.crm',
    partition: 0,
    offset: '42',
    timestamp: '2026-01-01T12:00:00.000Z',
    key: 'lead/42',
    headers: { 'content-type': 'application/cloudevents+json' },
    value: { id: '01936f7c-7a3b-7000-8000-000000000000', type: 'crm.lead.captured', data: { name: 'Ada' } },
  },
  outputSchema: {
    fields: [
      { key: 'topic', label: 'Topic' },
      { key: 'partition', label: 'Partition', format: 'number' },
      { key: 'offset', label: 'Offset' },
      { key: 'timestamp', label: 'Timestamp', format: 'datetime' },
      { key: 'key', label: 'Key' },
      { key: 'headers', label: 'Headers', dynamicKey: true },
      { key: 'value', label: 'Value' },
    ],
  },
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
