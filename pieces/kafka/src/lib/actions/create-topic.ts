import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';
import { configEntries, configProp } from '../props/config';
import { createTopic as create } from '../topics';

const count = z.coerce
  .number()
  .int()
  .min(1)
  .max(10_000)
  .nullish()
  // The broker's own default.
  .transform((value) => value ?? -1);

export const createTopic = createAction({
  auth: kafkaAuth,
  name: 'create_topic',
  displayName: 'Create Topic',
  description: 'Creates a topic.',
  audience: 'both',
  aiMetadata: {
    description:
      'Create a Kafka topic. By default it is no error when it exists already; then nothing is changed.',
    idempotent: true,
  },
  props: {
    topic: Property.ShortText({
      displayName: 'Topic',
      description: 'Name of the new topic: up to 249 letters, digits, ".", "_" and "-".',
      required: true,
    }),
    partitions: Property.Number({
      displayName: 'Partitions',
      description: "The broker's default if empty.",
      required: false,
    }),
    replicationFactor: Property.Number({
      displayName: 'Replication factor',
      description: "The broker's default if empty.",
      required: false,
    }),
    config: configProp,
    failIfExists: Property.Checkbox({
      displayName: 'Fail if it exists',
      description: 'Otherwise an existing topic is left as it is.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'topic', label: 'Topic' },
      { key: 'created', label: 'Created', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const { topic } = propsValue;
    const numPartitions = parseInput('Partitions', propsValue.partitions, count);
    const replicationFactor = parseInput('Replication factor', propsValue.replicationFactor, count);
    const entries = configEntries(propsValue.config);
    const created = await withAdmin(
      auth.props,
      (admin) => create(admin, { topic, numPartitions, replicationFactor, configEntries: entries }),
      { topic },
    );
    if (!created && propsValue.failIfExists === true) {
      throw new BizError('BIZ_KAFKA_TOPIC_EXISTS', `The topic "${topic}" exists already.`, {
        hint: 'Switch "Fail if it exists" off to accept that.',
      });
    }
    return { topic, created };
  },
});
