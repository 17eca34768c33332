import { createAction } from '@activepieces/pieces-framework';
import { BizError } from '@bizstack/piece-common';
import { type Admin, ConfigResourceTypes, ConfigSource } from 'kafkajs';
import { kafkaAuth } from '../auth';
import { withAdmin } from '../client';
import { configEntries, configProp } from '../props/config';
import { topicProp } from '../props/topic';

export const alterTopicConfig = createAction({
  auth: kafkaAuth,
  name: 'alter_topic_config',
  displayName: 'Alter Topic Settings',
  description: 'Changes settings of a topic; the others stay as they are.',
  audience: 'human',
  aiMetadata: {
    description:
      'Change settings of a Kafka topic, for example retention.ms. Lowering the retention deletes messages.',
    idempotent: true,
  },
  props: { topic: topicProp, config: configProp },
  outputSchema: {
    fields: [
      { key: 'topic', label: 'Topic' },
      { key: 'config', label: 'Settings of this topic', dynamicKey: true },
    ],
  },
  async run({ auth, propsValue }) {
    const { topic } = propsValue;
    const entries = configEntries(propsValue.config);
    if (entries.length === 0) throw new BizError('BIZ_INPUT_INVALID', '"Settings" is empty.');
    return withAdmin(auth.props, (admin) => alter(admin, topic, entries), { topic });
  },
});

async function alter(admin: Admin, topic: string, entries: { name: string; value: string }[]) {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  // The request replaces all settings of the topic, so those it has must be sent along.
  const config = Object.fromEntries(
    (resources[0]?.configEntries ?? [])
      .filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG)
      .map(({ configName, configValue }) => [configName, configValue]),
  );
  for (const { name, value } of entries) config[name] = value;
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name: topic,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      },
    ],
  });
  return { topic, config };
}
