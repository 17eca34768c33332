import { isUtf8 } from 'node:buffer';
import { BizError, parseInput } from '@bizstack/piece-common';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { z } from 'zod';
import type { TopicPartition } from './positions';

export const PLAIN_FORMATS = ['json', 'text', 'binary'] as const;
export type PlainFormat = (typeof PLAIN_FORMATS)[number];
/** `registry`: Avro, JSON Schema or Protobuf, as the schema says that the value carries. */
export const FORMATS = [...PLAIN_FORMATS, 'registry'] as const;
export type Format = (typeof FORMATS)[number];

/** One message as a flow sees it. */
export interface FlowMessage extends TopicPartition {
  /** Kept as text: offsets may exceed what a number holds exactly. */
  offset: string;
  /** ISO 8601, UTC. */
  timestamp: string;
  key: string | null;
  headers: Record<string, string | string[]>;
  /** By the format chosen; null for a tombstone. */
  value: unknown;
}

const BASE64_PREFIX = 'base64:';

/**
 * Bytes as text. What is not UTF-8 becomes `base64:…`, so that nothing is lost; text that itself begins
 * with `base64:` is encoded as well, so that the way back is always known.
 */
export function decodeText(bytes: Buffer): string {
  const text = strictText(bytes);
  return text === undefined || text.startsWith(BASE64_PREFIX)
    ? BASE64_PREFIX + bytes.toString('base64')
    : text;
}

/** The way back from {@link decodeText}. */
export function encodeText(text: string): Buffer {
  return text.startsWith(BASE64_PREFIX)
    ? Buffer.from(text.slice(BASE64_PREFIX.length), 'base64')
    : Buffer.from(text, 'utf8');
}

function strictText(bytes: Buffer): string | undefined {
  // Twice as fast as a TextDecoder that is told to be strict.
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** @throws BizError `BIZ_KAFKA_VALUE_UNREADABLE` when the value is not what the format says. */
export function decodeValue(value: Buffer | null, format: PlainFormat): unknown {
  if (value === null) return null;
  if (format === 'binary') return value.toString('base64');
  const text = strictText(value);
  if (text === undefined) {
    throw new BizError('BIZ_KAFKA_VALUE_UNREADABLE', 'The value is not UTF-8 text.', {
      hint: 'Choose the format "Binary".',
    });
  }
  if (format === 'text') return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BizError('BIZ_KAFKA_VALUE_UNREADABLE', 'The value is not JSON.', {
      hint: 'Choose the format "Text", or say what to do with unreadable messages.',
      cause,
    });
  }
}

/** Strict Base64, so that a typing error is not sent as garbage. */
const base64Schema = z.base64();

/**
 * The bytes of a value that a flow gives. Objects are written as JSON; text stands for itself in the
 * format text, and must be valid JSON or Base64 in the others.
 * @throws BizError `BIZ_KAFKA_VALUE_INVALID`
 */
export function encodeValue(value: unknown, format: PlainFormat): Buffer | null {
  if (value === null || value === undefined) return null;
  if (format === 'binary') {
    if (typeof value !== 'string' || !base64Schema.safeParse(value).success) {
      throw invalid('A binary value must be Base64.');
    }
    return Buffer.from(value, 'base64');
  }
  if (typeof value !== 'string') return Buffer.from(stringify(value));
  if (format === 'json') {
    try {
      JSON.parse(value);
    } catch (cause) {
      throw invalid('The value is not valid JSON.', cause);
    }
  }
  return Buffer.from(value);
}

function stringify(value: unknown): string {
  const text: unknown = JSON.stringify(value);
  if (typeof text === 'string') return text;
  throw invalid(`A value of type ${typeof value} cannot be written as JSON.`);
}

function invalid(message: string, cause?: unknown): BizError {
  return new BizError('BIZ_KAFKA_VALUE_INVALID', message, { hint: 'Check the value and its format.', cause });
}

export function decodeHeaders(headers: IHeaders | undefined): Record<string, string | string[]> {
  const decoded: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === undefined || value === null) decoded[name] = '';
    else decoded[name] = Array.isArray(value) ? value.map(headerText) : headerText(value);
  }
  return decoded;
}

function headerText(value: Buffer | string): string {
  return typeof value === 'string' ? value : decodeText(value);
}

/** Header values of a flow: text stands for itself, anything else is written as JSON. */
export function encodeHeaders(headers: Record<string, unknown> | undefined): IHeaders {
  const encoded: IHeaders = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    encoded[name] = Array.isArray(value) ? value.map(headerBytes) : headerBytes(value);
  }
  return encoded;
}

function headerBytes(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.alloc(0);
  return typeof value === 'string' ? encodeText(value) : Buffer.from(stringify(value));
}

/** @throws BizError `BIZ_KAFKA_VALUE_UNREADABLE` */
export function toFlowMessage(
  { topic, partition }: TopicPartition,
  message: KafkaMessage,
  decode: (value: Buffer | null) => unknown,
): FlowMessage {
  return {
    topic,
    partition,
    offset: message.offset,
    timestamp: isoTime(message.timestamp),
    key: message.key === null || message.key === undefined ? null : decodeText(message.key),
    headers: decodeHeaders(message.headers),
    value: decode(message.value),
  };
}

let lastTime = { timestamp: '', iso: '' };

/** Producers may write any number; one that is no date becomes the epoch rather than an error. */
function isoTime(timestamp: string): string {
  // Messages that were sent together share their time.
  if (lastTime.timestamp !== timestamp) lastTime = { timestamp, iso: toIso(timestamp) };
  return lastTime.iso;
}

function toIso(timestamp: string): string {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

/** A message to send, as the actions take it. */
export const outgoingSchema = z.strictObject({
  key: z.union([z.string(), z.number().transform(String)]).nullish(),
  value: z.unknown().optional(),
  headers: z.record(z.string(), z.unknown()).nullish(),
  partition: z.coerce.number().int().min(0).nullish(),
  timestamp: z.union([z.iso.datetime({ offset: true, local: true }), z.number().int().min(0)]).nullish(),
});

export type Outgoing = z.output<typeof outgoingSchema>;

/**
 * Checks a message to send.
 * @throws BizError `BIZ_INPUT_INVALID`
 */
export function parseOutgoing(message: unknown): Outgoing {
  return isPlainOutgoing(message) ? message : parseInput('Message', message, outgoingSchema);
}

const OUTGOING_NAMES: ReadonlySet<string> = new Set(Object.keys(outgoingSchema.shape));
const outgoingListSchema = z.array(outgoingSchema);

/** Checks messages to send. @throws BizError `BIZ_INPUT_INVALID` */
export function parseOutgoingList(messages: unknown[]): Outgoing[] {
  return messages.every(isPlainOutgoing) ? messages : parseInput('Messages', messages, outgoingListSchema);
}

/** Key and value alone, as most messages are: nothing to convert, and known without the cost of the schema. */
function isPlainOutgoing(message: unknown): message is { key?: string | null; value?: unknown } {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return false;
  return Object.entries(message).every(([name, value]) => {
    if (name === 'value') return true;
    if (name === 'key' && typeof value === 'string') return true;
    return (value === null || value === undefined) && OUTGOING_NAMES.has(name);
  });
}

/** @throws BizError `BIZ_KAFKA_VALUE_INVALID` */
export function toKafkaMessage(
  { key, value, headers, partition, timestamp }: Outgoing,
  encode: (value: unknown) => Buffer | null,
): Message {
  const message: Message = {
    key: key === null || key === undefined || key === '' ? null : encodeText(key),
    value: encode(value),
  };
  if (headers) message.headers = encodeHeaders(headers);
  if (partition !== null && partition !== undefined) message.partition = partition;
  if (timestamp !== null && timestamp !== undefined) {
    message.timestamp = String(new Date(timestamp).getTime());
  }
  return message;
}
