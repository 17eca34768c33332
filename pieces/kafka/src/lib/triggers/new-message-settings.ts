import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { filtersSchema } from '../filters';
import { formatSchema } from '../props/message';
import type { Start } from '../reader';

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

const MAX_BATCHES_PER_POLL = 100;

const settingsSchema = z
  .object({
    topics: z
      .union([
        z.array(z.string().min(1)),
        z.string().transform((list) =>
          list
            .split(',')
            .map((one) => one.trim())
            .filter(Boolean),
        ),
      ])
      .nullish()
      .transform((topics) => topics ?? []),
    topicPattern: text,
    format: formatSchema,
    filters: filtersSchema,
    delivery: z.enum(['message', 'batch']).nullish(),
    maxMessages: z.coerce.number().int().min(1).max(1_000).nullish(),
    batchesPerPoll: z.coerce.number().int().min(1).max(MAX_BATCHES_PER_POLL).nullish(),
    groupByKey: z.boolean().nullish(),
    start: z.enum(['latest', 'earliest', 'timestamp']).nullish(),
    startTimestamp: z.iso.datetime({ offset: true, local: true }).nullish(),
    onUnreadable: z.enum(['stop', 'skip', 'dead_letter']).nullish(),
    deadLetterTopic: text,
    offsetStorage: z.enum(['group', 'flow']).nullish(),
    groupId: text,
    afterCrash: z.enum(['redeliver', 'continue']).nullish(),
  })
  .refine(({ start, startTimestamp }) => start !== 'timestamp' || Boolean(startTimestamp), {
    path: ['startTimestamp'],
    message: 'A start at a point in time needs that time',
  });

export interface Settings extends Pick<
  z.output<typeof settingsSchema>,
  'topics' | 'topicPattern' | 'format' | 'filters' | 'deadLetterTopic'
> {
  readonly delivery: 'message' | 'batch';
  readonly maxMessages: number;
  /** Above 1 only for batches that are not grouped by key: batches of one poll may run at the same time. */
  readonly batchesPerPoll: number;
  readonly groupByKey: boolean;
  readonly start: Start;
  readonly onUnreadable: 'stop' | 'skip' | 'dead_letter';
  /** Undefined when the offsets are kept in the flow. */
  readonly groupId: string | undefined;
  readonly afterCrash: 'redeliver' | 'continue';
  readonly flowId: string;
}

/** @throws BizError `BIZ_INPUT_INVALID` */
export function parseSettings(propsValue: unknown, flowId: string): Settings {
  const values = parseInput('New Message', propsValue, settingsSchema);
  return {
    topics: values.topics,
    topicPattern: values.topicPattern,
    format: values.format,
    filters: values.filters,
    deadLetterTopic: values.deadLetterTopic,
    delivery: values.delivery ?? 'message',
    maxMessages: values.maxMessages ?? 100,
    batchesPerPoll: values.delivery === 'batch' && !values.groupByKey ? (values.batchesPerPoll ?? 1) : 1,
    groupByKey: values.groupByKey ?? false,
    start:
      values.start === 'timestamp' && values.startTimestamp
        ? { timestamp: new Date(values.startTimestamp).getTime() }
        : values.start === 'earliest'
          ? 'earliest'
          : 'latest',
    onUnreadable: values.onUnreadable ?? 'stop',
    groupId: values.offsetStorage === 'flow' ? undefined : (values.groupId ?? `bizstack-flow-${flowId}`),
    afterCrash: values.afterCrash ?? 'redeliver',
    flowId,
  };
}
