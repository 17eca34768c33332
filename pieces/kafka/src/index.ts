import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { sendMessage } from './lib/actions/send-message';
import { sendMessages } from './lib/actions/send-messages';
import { kafkaAuth } from './lib/auth';
import { logo } from './lib/logo';
import { newMessage } from './lib/triggers/new-message';

export const kafka = createPiece({
  displayName: 'Kafka',
  description: 'Send, read and manage messages of Apache Kafka and compatible brokers.',
  auth: kafkaAuth,
  minimumSupportedRelease: '0.82.0',
  logoUrl: logo,
  authors: ['bizstack'],
  categories: [PieceCategory.DEVELOPER_TOOLS],
  actions: [sendMessage, sendMessages],
  triggers: [newMessage],
});
