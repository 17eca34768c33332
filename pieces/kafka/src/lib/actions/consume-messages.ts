import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { kafkaAuth } from '../auth';
import { withAdmin, withReader } from '../client';
import { parseAuth } from '../config';
import { consume } from '../consume';
import { compileFilters, filtersSchema } from '../filters';
import type { Positions, TopicPartition } from '../positions';
import { positionKey } from '../positions';
import { filtersProp, formatProp, parseFormat } from '../props/message';
import { topicProp } from '../props/topic';
import type { PartitionReader } from '../reader';
import { resolveTopics } from '../topics';
import { valueDecoder } from '../values';

const BUDGET_MS = 30_000;

const settingsSchema = z.object({
  from: z.enum(['earliest', 'latest', 'offset', 'timestamp', 'group']),
  partition: z.coerce.number().int().min(0).nullish(),
  offset: z.union([z.string().regex(/^\d+$/), z.number().int().min(0).transform(String)]).nullish(),
  timestamp: z.iso.datetime({ offset: true, local: true }).nullish(),
  groupId: z.string().trim().nullish(),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .nullish()
    .transform((limit) => limit ?? 100),
  waitSeconds: z.coerce
    .number()
    .min(0)
    .max(60)
    .nullish()
    .transform((seconds) => seconds ?? 1),
});

type Settings = z.output<typeof settingsSchema>;

export const consumeMessages = createAction({
  auth: kafkaAuth,
  name: 'consume_messages',
  displayName: 'Consume Messages',
  description: 'Reads messages of a topic from an offset, a point in time, or where a consumer group stands.',
  audience: 'both',
  aiMetadata: {
    description:
      'Read up to 1,000 messages of a Kafka topic without taking them from other consumers. Use from=latest for the newest ones. With from=group and commit, the next call goes on after them.',
    idempotent: false,
  },
  props: {
    topic: topicProp,
    from: Property.StaticDropdown<'earliest' | 'latest' | 'offset' | 'timestamp' | 'group', true>({
      displayName: 'Start at',
      description: 'Where to begin reading.',
      required: true,
      defaultValue: 'latest',
      options: {
        options: [
          { label: 'The newest messages', value: 'latest' },
          { label: 'The oldest message', value: 'earliest' },
          { label: 'An offset', value: 'offset' },
          { label: 'A point in time', value: 'timestamp' },
          { label: 'Where a consumer group stands', value: 'group' },
        ],
      },
    }),
    partition: Property.Number({
      displayName: 'Partition',
      description: 'Only this partition. All if empty; needed for "An offset".',
      required: false,
    }),
    offset: Property.ShortText({ displayName: 'Offset', description: 'For "An offset".', required: false }),
    timestamp: Property.DateTime({
      displayName: 'Start time',
      description: 'For "A point in time".',
      required: false,
    }),
    groupId: Property.ShortText({
      displayName: 'Consumer group ID',
      description: 'For "Where a consumer group stands". Without offsets it begins at the oldest message.',
      required: false,
    }),
    commit: Property.Checkbox({
      displayName: 'Commit',
      description: 'For a consumer group: the messages count as done, the next call goes on after them.',
      required: false,
      defaultValue: false,
    }),
    limit: Property.Number({
      displayName: 'Messages at most',
      description: '1 to 1,000.',
      required: false,
      defaultValue: 100,
    }),
    waitSeconds: Property.Number({
      displayName: 'Wait (seconds)',
      description: 'How long to wait when there is nothing to read. 0 to 60.',
      required: false,
      defaultValue: 1,
    }),
    format: formatProp('What the values of the messages are.'),
    filters: filtersProp,
  },
  outputSchema: {
    fields: [
      {
        key: 'messages',
        label: 'Messages',
        listItems: [
          { key: 'topic', label: 'Topic' },
          { key: 'partition', label: 'Partition', format: 'number' },
          { key: 'offset', label: 'Offset' },
          { key: 'timestamp', label: 'Timestamp', format: 'datetime' },
          { key: 'key', label: 'Key' },
          { key: 'headers', label: 'Headers', dynamicKey: true },
          { key: 'value', label: 'Value' },
        ],
      },
      { key: 'count', label: 'Number of messages', format: 'number' },
      { key: 'unreadable', label: 'Unreadable messages passed over', format: 'number' },
    ],
  },
  async run({ auth, propsValue }) {
    const { topic } = propsValue;
    const settings = parseInput('Consume Messages', propsValue, settingsSchema);
    const accepts = compileFilters(parseInput('Filters', propsValue.filters, filtersSchema));
    const format = parseFormat(propsValue.format);
    await withAdmin(auth.props, (admin) => resolveTopics(admin, { topics: [topic], pattern: undefined }));
    return withReader({ auth: auth.props, owner: 'consume', topics: [topic] }, async (reader) => {
      const from = await startOf(reader, settings);
      let unreadable = 0;
      const { messages, to } = await consume({
        reader,
        from,
        limit: settings.limit,
        decoder: valueDecoder(format, parseAuth(auth.props)),
        accepts,
        onUnreadable: () => {
          unreadable += 1;
          return 'pass';
        },
        budgetMs: BUDGET_MS,
        maxWaitMs: settings.waitSeconds * 1000,
      });
      if (settings.from === 'group' && settings.groupId && propsValue.commit === true) {
        await reader.commit(settings.groupId, to);
      }
      return { messages, count: messages.length, unreadable };
    });
  },
});

async function startOf(reader: PartitionReader, settings: Settings): Promise<Positions> {
  const partitions = (await reader.partitions()).filter(
    ({ partition }) =>
      settings.partition === undefined || settings.partition === null || partition === settings.partition,
  );
  if (partitions.length === 0) {
    throw new BizError('BIZ_KAFKA_PARTITION_UNKNOWN', `The topic has no partition ${settings.partition}.`, {
      hint: 'Partitions count from 0.',
    });
  }
  switch (settings.from) {
    case 'earliest':
      return reader.resolve(partitions, 'earliest');
    case 'latest':
      return newest(reader, partitions, settings.limit);
    case 'timestamp':
      return reader.resolve(partitions, {
        timestamp: new Date(required(settings.timestamp, 'Start time')).getTime(),
      });
    case 'offset': {
      const [partition] = partitions;
      if (settings.partition === undefined || settings.partition === null || !partition)
        throw missing('Partition');
      return { [positionKey(partition)]: required(settings.offset, 'Offset') };
    }
    case 'group': {
      const committed = await reader.committed(required(settings.groupId, 'Consumer group ID'), partitions);
      return { ...(await reader.resolve(partitions, 'earliest')), ...committed };
    }
  }
}

/** Positions from which about the last `limit` messages can be read, spread over the partitions. */
async function newest(
  reader: PartitionReader,
  partitions: readonly TopicPartition[],
  limit: number,
): Promise<Positions> {
  const [first, last] = [
    await reader.resolve(partitions, 'earliest'),
    await reader.resolve(partitions, 'latest'),
  ];
  const share = BigInt(Math.max(1, Math.ceil(limit / partitions.length)));
  return Object.fromEntries(
    Object.entries(last).map(([key, end]) => {
      const [low, back] = [BigInt(first[key] ?? '0'), BigInt(end) - share];
      return [key, (back > low ? back : low).toString()];
    }),
  );
}

function required(value: string | null | undefined, name: string): string {
  if (value) return value;
  throw missing(name);
}

function missing(name: string): BizError {
  return new BizError('BIZ_INPUT_INVALID', `"${name}" is missing.`, { hint: 'The chosen start needs it.' });
}
