import { Property } from '@activepieces/pieces-framework';
import { filtersProp, formatProp } from './message';
import { topicsProp } from './topic';

/** What both triggers ask for. */
export const listenProps = {
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
  deadLetterTopic: Property.ShortText({
    displayName: 'Dead letter topic',
    description: 'Its own name followed by .dlq if empty. Made when it is missing.',
    required: false,
  }),
};

/** What to do with a message that is not in the format. */
export const onUnreadableProp = (defaultValue: 'stop' | 'dead_letter') =>
  Property.StaticDropdown<'stop' | 'skip' | 'dead_letter', false>({
    displayName: 'Unreadable messages',
    description: 'What to do with a message that is not in the format.',
    required: false,
    defaultValue,
    options: {
      options: [
        { label: 'Stop before it and report the error', value: 'stop' },
        { label: 'Skip it', value: 'skip' },
        { label: 'Move it to a dead letter topic', value: 'dead_letter' },
      ],
    },
  });

export const messageSample = {
  topic: 'bizstack.crm',
  partition: 0,
  offset: '42',
  timestamp: '2026-01-01T12:00:00.000Z',
  key: 'lead/42',
  headers: { 'content-type': 'application/cloudevents+json' },
  value: { id: '01936f7c-7a3b-7000-8000-000000000000', type: 'crm.lead.captured', data: { name: 'Ada' } },
};

export const messageOutputSchema = {
  fields: [
    { key: 'topic', label: 'Topic' },
    { key: 'partition', label: 'Partition', format: 'number' as const },
    { key: 'offset', label: 'Offset' },
    { key: 'timestamp', label: 'Timestamp', format: 'datetime' as const },
    { key: 'key', label: 'Key' },
    { key: 'headers', label: 'Headers', dynamicKey: true },
    { key: 'value', label: 'Value' },
  ],
};
