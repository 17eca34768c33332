import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { kafkaAuth } from '../auth';
import { withAdmin, withKafka, withReader } from '../client';
import { parseAuth } from '../config';
import { compileFilters, filtersSchema } from '../filters';
import { filtersProp, formatProp, parseFormat } from '../props/message';
import { deadLetterTopicProp } from '../props/topic';
import { redrive } from '../redrive';
import { resolveTopics } from '../topics';
import { valueDecoder } from '../values';

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

const settingsSchema = z.object({
  target: z
    .enum(['origin', 'topic'])
    .nullish()
    .transform((target) => target ?? 'origin'),
  targetTopic: text,
  groupId: text,
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .nullish()
    .transform((limit) => limit ?? 100),
});

export const redriveDeadLetter = createAction({
  auth: kafkaAuth,
  name: 'redrive_dead_letter',
  displayName: 'Redrive Dead Letters',
  description:
    'Sends dead letters back to the topics that they came from (or to another one), each exactly once.',
  audience: 'both',
  aiMetadata: {
    description:
      'Send messages of a dead letter topic back to their origin, after the cause of their failure is gone. Exactly once: what was redriven is committed in the same transaction, so calling it again goes on with the others.',
    idempotent: true,
  },
  props: {
    topic: deadLetterTopicProp,
    target: Property.StaticDropdown<'origin' | 'topic', false>({
      displayName: 'Send to',
      description: 'Where the messages go.',
      required: false,
      defaultValue: 'origin',
      options: {
        options: [
          { label: 'The topic that each came from', value: 'origin' },
          { label: 'A topic', value: 'topic' },
        ],
      },
    }),
    targetTopic: Property.ShortText({
      displayName: 'Target topic',
      description: 'For "A topic". It must exist.',
      required: false,
    }),
    limit: Property.Number({
      displayName: 'Messages at most',
      description: '1 to 10,000.',
      required: false,
      defaultValue: 100,
    }),
    filters: filtersProp,
    format: formatProp('What the values of the messages are. Only needed for filters on the value.'),
    groupId: Property.ShortText({
      displayName: 'Consumer group ID',
      description: 'Remembers what was redriven. bizstack-redrive-<topic> if empty.',
      required: false,
    }),
    dryRun: Property.Checkbox({
      displayName: 'Only count',
      description: 'Says what would be sent, and sends nothing.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'redriven', label: 'Messages redriven', format: 'number' },
      {
        key: 'targets',
        label: 'Topics',
        listItems: [
          { key: 'topic', label: 'Topic' },
          { key: 'count', label: 'Messages', format: 'number' },
        ],
      },
      { key: 'filtered', label: 'Left by the filters', format: 'number' },
      { key: 'unusable', label: 'Left without a known origin or readable value', format: 'number' },
    ],
  },
  async run({ auth, propsValue }) {
    const { topic } = propsValue;
    const { target, targetTopic, limit, groupId } = parseInput('Redrive', propsValue, settingsSchema);
    if (target === 'topic' && (targetTopic === undefined || targetTopic === topic)) {
      throw new BizError('BIZ_INPUT_INVALID', '"Target topic" must name another topic.', {
        hint: 'Write the topic that the messages go to.',
      });
    }
    const filters = parseInput('Filters', propsValue.filters, filtersSchema);
    const format = parseFormat(propsValue.format);
    await withAdmin(auth.props, (admin) => resolveTopics(admin, { topics: [topic], pattern: undefined }));
    return withReader({ auth: auth.props, owner: 'redrive', topics: [topic] }, (reader) =>
      withKafka(
        auth.props,
        (connection) =>
          redrive({
            connection,
            reader,
            deadLetterTopic: topic,
            groupId: groupId ?? `bizstack-redrive-${topic}`,
            limit,
            targetTopic: target === 'topic' ? targetTopic : undefined,
            decoder: valueDecoder(format, parseAuth(auth.props)),
            accepts: compileFilters(filters),
            needsValue: filters.some(({ source }) => source === 'value'),
            dryRun: propsValue.dryRun === true,
          }),
        { topic: targetTopic ?? topic },
      ),
    );
  },
});
