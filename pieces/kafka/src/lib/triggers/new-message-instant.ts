import {
  createTrigger,
  Property,
  TriggerStrategy,
  WebhookRenewStrategy,
} from '@activepieces/pieces-framework';
import { kafkaAuth } from '../auth';
import { listenProps, messageOutputSchema, messageSample, onUnreadableProp } from '../props/listen';
import { receiveDelivery, registerFlow, unregisterFlow } from './instant-delivery';
import { sampleMessages } from './new-message-poll';
import { parseSettings } from './new-message-settings';

const props = {
  ...listenProps,
  maxMessages: Property.Number({
    displayName: 'Messages per delivery',
    description: '1 to 1,000. Size of a batch, or number of runs that one delivery starts.',
    required: false,
    defaultValue: 100,
  }),
  onUnreadable: onUnreadableProp('dead_letter'),
  maxAttempts: Property.Number({
    displayName: 'Deliveries at most',
    description:
      '1 to 100. When the flow refuses a message this many times, the message moves to the dead letter topic. The waits between grow up to a minute.',
    required: false,
    defaultValue: 10,
  }),
  timeoutSeconds: Property.Number({
    displayName: 'Time to answer (seconds)',
    description: '1 to 300. Later counts as a failed delivery.',
    required: false,
    defaultValue: 30,
  }),
  groupId: Property.ShortText({
    displayName: 'Consumer group ID',
    description: 'bizstack-flow-<id of the flow> if empty. No other consumer may use it.',
    required: false,
  }),
};

export const newMessageInstant = createTrigger({
  auth: kafkaAuth,
  name: 'new_message_instant',
  displayName: 'New Message (Instant)',
  description:
    'Starts a run for each new message (or batch of messages) within milliseconds, through the kafka-bridge service.',
  aiMetadata: {
    description:
      'Fires for new Kafka messages as soon as they arrive; needs the kafka-bridge service. Output: {topic, partition, offset, timestamp, key, headers, value}; in batch mode {messages: [...], count, key}. Delivery is at least once: use an id in the message to recognise repeats.',
  },
  type: TriggerStrategy.WEBHOOK,
  props,
  sampleData: messageSample,
  outputSchema: messageOutputSchema,
  // Puts the registration back when the bridge has lost it.
  renewConfiguration: { strategy: WebhookRenewStrategy.CRON, cronExpression: '0 * * * *' },
  async onEnable({ auth, propsValue, store, flows, webhookUrl }) {
    await registerFlow({ auth: auth.props, propsValue, store, flowId: flows.current.id, webhookUrl });
  },
  async onRenew({ auth, propsValue, store, flows, webhookUrl }) {
    await registerFlow({ auth: auth.props, propsValue, store, flowId: flows.current.id, webhookUrl });
  },
  async onDisable({ auth, flows }) {
    await unregisterFlow({ auth: auth.props, flowId: flows.current.id });
  },
  async run({ payload, propsValue, store, flows }) {
    return receiveDelivery({ payload, store, settings: parseSettings(propsValue, flows.current.id) });
  },
  async test({ auth, propsValue, store, flows }) {
    return sampleMessages({ auth: auth.props, store, settings: parseSettings(propsValue, flows.current.id) });
  },
});
