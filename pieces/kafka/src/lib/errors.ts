import { BizError, type BizErrorCode, isBizError, messageOf, unreachableError } from '@bizstack/piece-common';

interface ProtocolFailure {
  readonly code: BizErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** What the broker's error types mean for a person. */
const PROTOCOL_FAILURES: Readonly<Record<string, ProtocolFailure>> = {
  UNKNOWN_TOPIC_OR_PARTITION: {
    code: 'BIZ_KAFKA_TOPIC_UNKNOWN',
    message: 'The topic or partition does not exist.',
    hint: 'Check its name (case counts), or create it with "Create Topic".',
  },
  INVALID_TOPIC_EXCEPTION: {
    code: 'BIZ_KAFKA_TOPIC_NAME_INVALID',
    message: 'The topic name is not allowed.',
    hint: 'Use up to 249 letters, digits, ".", "_" and "-".',
  },
  TOPIC_ALREADY_EXISTS: {
    code: 'BIZ_KAFKA_TOPIC_EXISTS',
    message: 'The topic exists already.',
    hint: 'Switch "Fail if it exists" off to accept that.',
  },
  TOPIC_AUTHORIZATION_FAILED: {
    code: 'BIZ_KAFKA_NOT_AUTHORIZED',
    message: 'The user may not do this with the topic.',
    hint: 'Ask for the right (Read, Write, Describe or Create) on the topic.',
  },
  GROUP_AUTHORIZATION_FAILED: {
    code: 'BIZ_KAFKA_NOT_AUTHORIZED',
    message: 'The user may not use the consumer group.',
    hint: 'Ask for the right Read on the group, or keep the offsets in the flow.',
  },
  CLUSTER_AUTHORIZATION_FAILED: {
    code: 'BIZ_KAFKA_NOT_AUTHORIZED',
    message: 'The user may not do this on the cluster.',
    hint: 'Ask for the right on the cluster.',
  },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: {
    code: 'BIZ_KAFKA_NOT_AUTHORIZED',
    message: 'The user may not use transactions.',
    hint: 'Ask for the right Write on the transactional id, or switch "All or none" off.',
  },
  MESSAGE_TOO_LARGE: {
    code: 'BIZ_KAFKA_MESSAGE_TOO_LARGE',
    message: 'The broker refused the message as too large.',
    hint: 'Send less, choose a compression, or raise max.message.bytes of the topic.',
  },
  RECORD_LIST_TOO_LARGE: {
    code: 'BIZ_KAFKA_MESSAGE_TOO_LARGE',
    message: 'The broker refused the batch as too large.',
    hint: 'Send fewer messages at once or raise segment.bytes of the topic.',
  },
  UNKNOWN_MEMBER_ID: {
    code: 'BIZ_KAFKA_GROUP_IN_USE',
    message: 'The consumer group has running consumers, so its offsets cannot be changed from outside.',
    hint: 'Stop those consumers or use another group id.',
  },
  GROUP_ID_NOT_FOUND: {
    code: 'BIZ_KAFKA_GROUP_UNKNOWN',
    message: 'The consumer group does not exist.',
    hint: 'Check its id; "List Consumer Groups" shows all.',
  },
  NON_EMPTY_GROUP: {
    code: 'BIZ_KAFKA_GROUP_IN_USE',
    message: 'The consumer group has running consumers.',
    hint: 'Stop them first.',
  },
  INVALID_REPLICATION_FACTOR: {
    code: 'BIZ_KAFKA_REPLICATION_INVALID',
    message: 'The replication factor is not possible.',
    hint: 'It cannot exceed the number of brokers.',
  },
  INVALID_PARTITIONS: {
    code: 'BIZ_KAFKA_PARTITIONS_INVALID',
    message: 'The number of partitions is not possible.',
    hint: 'It can only grow, and must be at least 1.',
  },
  INVALID_CONFIG: {
    code: 'BIZ_KAFKA_CONFIG_INVALID',
    message: 'The topic configuration is not valid.',
    hint: 'Check the names and values of the settings.',
  },
  NOT_ENOUGH_REPLICAS: {
    code: 'BIZ_KAFKA_REPLICAS_MISSING',
    message: 'Too few replicas are in sync to accept the message.',
    hint: 'Wait until the brokers are back.',
    retryable: true,
  },
  LEADER_NOT_AVAILABLE: {
    code: 'BIZ_KAFKA_LEADER_MISSING',
    message: 'The partition has no leader just now.',
    hint: 'Try again in a moment.',
    retryable: true,
  },
  SASL_AUTHENTICATION_FAILED: {
    code: 'BIZ_KAFKA_AUTHENTICATION_FAILED',
    message: 'The broker refused user name or password.',
    hint: 'Check both, and the SASL mechanism.',
  },
  UNSUPPORTED_SASL_MECHANISM: {
    code: 'BIZ_KAFKA_AUTHENTICATION_FAILED',
    message: 'The broker does not offer this SASL mechanism.',
    hint: 'Choose one that the broker has switched on.',
  },
};

export interface KafkaErrorContext {
  /** The brokers of the connection. */
  readonly brokers: string;
  readonly topic?: string;
  readonly groupId?: string;
}

/** Turns whatever kafkajs throws into a coded, readable error. */
export function kafkaError(error: unknown, { brokers, topic, groupId }: KafkaErrorContext): BizError {
  if (isBizError(error)) return error;
  const about = [topic && `topic "${topic}"`, groupId && `group "${groupId}"`].filter(Boolean).join(', ');
  for (const cause of causes(error)) {
    const known =
      'type' in cause && typeof cause.type === 'string' ? PROTOCOL_FAILURES[cause.type] : undefined;
    if (known) {
      return new BizError(known.code, about ? `${known.message} (${about})` : known.message, {
        hint: known.hint,
        cause: error,
        retryable: known.retryable ?? false,
      });
    }
    if (cause.name === 'KafkaJSSASLAuthenticationError') {
      return new BizError('BIZ_KAFKA_AUTHENTICATION_FAILED', `The broker refused the login at ${brokers}.`, {
        hint: 'Check user name, password and SASL mechanism.',
        cause: error,
        details: { step: 'authentication' },
      });
    }
  }
  const unreachable = unreachableError({
    code: 'BIZ_KAFKA_UNREACHABLE',
    where: `Kafka at ${brokers}`,
    cause: error,
  });
  if (unreachable) return unreachable;
  if (causes(error).some(({ name }) => CONNECTION_ERRORS.has(name))) {
    return new BizError(
      'BIZ_KAFKA_UNREACHABLE',
      `The connection to Kafka at ${brokers} failed: ${messageOf(error)}.`,
      {
        hint: 'The broker may be restarting, or it may expect TLS or SASL. Check the addresses that the brokers advertise, too.',
        cause: error,
        retryable: true,
      },
    );
  }
  return new BizError('BIZ_KAFKA_FAILED', `Kafka: ${messageOf(error)}${about ? ` (${about})` : ''}`, {
    cause: error,
  });
}

const CONNECTION_ERRORS = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSLockTimeout',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
]);

/** True when a protocol error of this type is somewhere in the chain. */
export function hasErrorType(error: unknown, ...types: string[]): boolean {
  return causes(error).some(
    (cause) => 'type' in cause && typeof cause.type === 'string' && types.includes(cause.type),
  );
}

/** The error, its causes, and the errors that kafkajs collects per topic. */
function causes(error: unknown): Error[] {
  const found: Error[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && found.length < 50) {
    const next = queue.shift();
    if (!(next instanceof Error)) continue;
    found.push(next);
    queue.push(next.cause);
    if ('errors' in next && Array.isArray(next.errors)) queue.push(...(next.errors as unknown[]));
  }
  return found;
}
