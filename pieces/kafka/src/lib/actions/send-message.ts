import { createAction, Property } from '@activepieces/pieces-framework';
import { parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { kafkaAuth } from '../auth';
import { withKafka } from '../client';
import { parseAuth } from '../config';
import { parseOutgoing, toKafkaMessage } from '../messages';
import { acksProp, compressionProp, formatProp, parseDelivery, parseFormat } from '../props/message';
import { parseSchemaChoice, schemaProps } from '../props/schema';
import { topicProp } from '../props/topic';
import { send } from '../send';
import { valueEncoder } from '../values';

const headersSchema = z.record(z.string(), z.unknown()).nullish();

export const sendMessage = createAction({
  auth: kafkaAuth,
  name: 'send_message',
  displayName: 'Send Message',
  description: 'Sends one message to a topic.',
  audience: 'both',
  aiMetadata: {
    description:
      'Publish one message to a Kafka topic. Give a key to keep the order of messages about the same subject. Calling it twice stores two messages.',
    idempotent: false,
  },
  props: {
    topic: topicProp,
    key: Property.ShortText({
      displayName: 'Key',
      description: 'Messages with the same key keep their order. Binary keys: base64:…',
      required: false,
    }),
    format: formatProp('How the value is written.'),
    value: Property.LongText({
      displayName: 'Value',
      description:
        'An object from an earlier step, JSON, text, or Base64, as the format says. Empty sends a tombstone (null).',
      required: false,
    }),
    headers: Property.Object({
      displayName: 'Headers',
      description: 'Names and values sent with the message.',
      required: false,
    }),
    partition: Property.Number({
      displayName: 'Partition',
      description: 'Only to force a partition; otherwise the key decides.',
      required: false,
    }),
    timestamp: Property.DateTime({
      displayName: 'Timestamp',
      description: 'Time of the message; now if empty.',
      required: false,
    }),
    acks: acksProp,
    compression: compressionProp,
    ...schemaProps,
  },
  outputSchema: {
    fields: [
      { key: 'topic', label: 'Topic' },
      { key: 'partition', label: 'Partition', format: 'number' },
      { key: 'offset', label: 'Offset' },
    ],
  },
  async run({ auth, propsValue }) {
    const { topic, key, value, partition, timestamp, acks, compression } = propsValue;
    const headers = propsValue.headers && parseJsonProp('Headers', propsValue.headers, headersSchema);
    const outgoing = parseOutgoing({
      key,
      value: value === '' ? null : value,
      headers,
      partition,
      timestamp,
    });
    const delivery = parseDelivery(acks, compression);
    const encode = await valueEncoder({
      format: parseFormat(propsValue.format),
      auth: () => parseAuth(auth.props),
      choice: () => parseSchemaChoice(propsValue, topic),
    });
    const message = toKafkaMessage(outgoing, encode);
    const [stored] = await withKafka(
      auth.props,
      (connection) => send(connection, { topic, messages: [message], ...delivery }),
      { topic },
    );
    // Without acknowledgement the broker does not say where the message went.
    return { topic, partition: stored?.partition ?? null, offset: stored?.baseOffset ?? null };
  },
});
