import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { type KafkaMessage } from 'kafkajs';
import { z } from 'zod';
import { kafkaAuth } from '../auth';
import { withKafka, withReader } from '../client';
import { parseAuth } from '../config';
import { defaultDeadLetterTopic, sendDeadLetters, toDeadLetter } from '../dead-letter';
import { hasErrorType } from '../errors';
import { encodeHeaders, encodeText } from '../messages';
import { positionKey } from '../positions';
import { formatProp, parseFormat } from '../props/message';
import { parseSchemaChoice } from '../props/schema';
import { valueEncoder } from '../values';

const READ_WAIT_MS = 1_000;

/** A message as the triggers and Consume Messages give it. */
const messageSchema = z.object({
  topic: z.string().min(1),
  partition: z.number().int().min(0),
  offset: z.string().regex(/^\d+$/),
  timestamp: z.iso.datetime().optional(),
  key: z.string().nullish(),
  headers: z.record(z.string(), z.unknown()).nullish(),
  value: z.unknown(),
});

type GivenMessage = z.output<typeof messageSchema>;

const settingsSchema = z.object({
  error: z
    .string()
    .nullish()
    .transform((error) => error?.trim() || 'No reason was given.'),
  attempts: z.coerce.number().int().min(1).nullish(),
  deadLetterTopic: z
    .string()
    .nullish()
    .transform((topic) => topic?.trim() || undefined),
});

export const sendToDeadLetter = createAction({
  auth: kafkaAuth,
  name: 'send_to_dead_letter',
  displayName: 'Send to Dead Letter',
  description: 'Puts a message that a flow could not process aside, with the reason and where it came from.',
  audience: 'both',
  aiMetadata: {
    description:
      'Move a Kafka message that cannot be processed to a dead letter topic. Give the message as the trigger delivered it and the error. Key, value and headers are kept byte for byte; calling it twice stores it twice.',
    idempotent: false,
  },
  props: {
    message: Property.Json({
      displayName: 'Message',
      description:
        'The message as the trigger or Consume Messages gave it, with topic, partition and offset.',
      required: true,
    }),
    error: Property.LongText({
      displayName: 'Error',
      description: 'Why it could not be processed. Cut after 1,000 characters.',
      required: false,
    }),
    attempts: Property.Number({
      displayName: 'Attempts',
      description: 'How often it was tried. One more than the message says of itself if empty.',
      required: false,
    }),
    deadLetterTopic: Property.ShortText({
      displayName: 'Dead letter topic',
      description: 'Its own name followed by .dlq if empty. Made when it is missing.',
      required: false,
    }),
    format: formatProp(
      'How to write the value when the topic no longer holds the message; otherwise its bytes are copied.',
    ),
  },
  outputSchema: {
    fields: [
      { key: 'topic', label: 'Topic' },
      { key: 'partition', label: 'Partition', format: 'number' },
      { key: 'offset', label: 'Offset' },
      { key: 'copied', label: 'Copied byte for byte', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const given = parseJsonProp('Message', propsValue.message, messageSchema);
    const { error, attempts, deadLetterTopic } = parseInput('Dead letter', propsValue, settingsSchema);
    const target = deadLetterTopic ?? defaultDeadLetterTopic(given.topic);
    if (target === given.topic) {
      throw new BizError('BIZ_INPUT_INVALID', 'The dead letter topic is the topic of the message.', {
        hint: 'Choose another one.',
      });
    }
    const original = await readOriginal(auth.props, given);
    const message = original ?? {
      ...(await rebuild(auth.props, given, propsValue.format)),
      offset: given.offset,
      timestamp: String(given.timestamp === undefined ? Date.now() : Date.parse(given.timestamp)),
    };
    const [stored] = await withKafka(
      auth.props,
      (connection) =>
        sendDeadLetters(connection, target, [
          toDeadLetter({ ...given, message, error, attempts: attempts ?? undefined }),
        ]),
      { topic: target },
    );
    return {
      topic: target,
      partition: stored?.partition ?? null,
      offset: stored?.baseOffset ?? null,
      copied: original !== undefined,
    };
  },
});

/** The message itself, while the topic holds it: what a flow sees of it may have lost its exact bytes. */
async function readOriginal(auth: unknown, given: GivenMessage): Promise<KafkaMessage | undefined> {
  try {
    return await withReader({ auth, owner: 'dead-letter', topics: [given.topic] }, async (reader) => {
      const [slice] = await reader.read({ [positionKey(given)]: given.offset }, READ_WAIT_MS);
      return slice?.messages.find(({ offset }) => offset === given.offset);
    });
  } catch (error) {
    if (hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return undefined;
    throw error;
  }
}

async function rebuild(
  auth: unknown,
  { topic, key, headers, value }: GivenMessage,
  format: unknown,
): Promise<Pick<KafkaMessage, 'key' | 'value' | 'headers'>> {
  const encode = await valueEncoder({
    format: parseFormat(format),
    auth: () => parseAuth(auth),
    choice: () => parseSchemaChoice({}, topic),
  });
  return {
    key: key === null || key === undefined ? null : encodeText(key),
    value: encode(value),
    headers: encodeHeaders(headers ?? undefined),
  };
}
