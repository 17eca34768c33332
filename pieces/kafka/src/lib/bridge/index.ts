/**
 * What the kafka-bridge service shares with the piece: both read, filter and set aside messages alike. Nothing
 * here needs Activepieces.
 */
export { registerCodecs } from '../codecs';
export {
  kafkaAuthSchema,
  kafkaConfig,
  type KafkaAuthInput,
  type KafkaAuthValues,
  parseAuth,
} from '../config';
export { attemptsOf, DEAD_LETTER_HEADERS, defaultDeadLetterTopic, toDeadLetter } from '../dead-letter';
export { hasErrorType, kafkaError } from '../errors';
export { compileFilters } from '../filters';
export { type FlowMessage, toFlowMessage } from '../messages';
export { parsePositionKey, type Positions, positionKey, type TopicPartition } from '../positions';
export { stablePartitioner } from '../partitioner';
export { PartitionReader } from '../reader';
export { closeRegistries } from '../registry/registry';
export { createTopic, isInternalTopic, matchesPattern } from '../topics';
export { type ValueDecoder, valueDecoder } from '../values';
export {
  type Delivery,
  type Registration,
  registeredSchema,
  registrationIdSchema,
  registrationSchema,
} from './contract';
