import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { addPartitions } from './lib/actions/add-partitions';
import { alterTopicConfig } from './lib/actions/alter-topic-config';
import { consumeMessages } from './lib/actions/consume-messages';
import { createTopic } from './lib/actions/create-topic';
import { deleteTopic } from './lib/actions/delete-topic';
import { describeConsumerGroup } from './lib/actions/describe-consumer-group';
import { describeTopic } from './lib/actions/describe-topic';
import { listConsumerGroups } from './lib/actions/list-consumer-groups';
import { listTopics } from './lib/actions/list-topics';
import { redriveDeadLetter } from './lib/actions/redrive-dead-letter';
import { resetConsumerGroupOffsets } from './lib/actions/reset-consumer-group-offsets';
import { sendMessage } from './lib/actions/send-message';
import { sendMessages } from './lib/actions/send-messages';
import { sendToDeadLetter } from './lib/actions/send-to-dead-letter';
import { kafkaAuth } from './lib/auth';
import { logo } from './lib/logo';
import { newMessage } from './lib/triggers/new-message';
import { newMessageInstant } from './lib/triggers/new-message-instant';

export const kafka = createPiece({
  displayName: 'Kafka',
  description: 'Send, read and manage messages of Apache Kafka and compatible brokers.',
  auth: kafkaAuth,
  minimumSupportedRelease: '0.82.0',
  logoUrl: logo,
  authors: ['bizstack'],
  categories: [PieceCategory.DEVELOPER_TOOLS],
  actions: [
    sendMessage,
    sendMessages,
    consumeMessages,
    listTopics,
    describeTopic,
    createTopic,
    deleteTopic,
    alterTopicConfig,
    addPartitions,
    listConsumerGroups,
    describeConsumerGroup,
    resetConsumerGroupOffsets,
    sendToDeadLetter,
    redriveDeadLetter,
  ],
  triggers: [newMessage, newMessageInstant],
});
