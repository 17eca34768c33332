import type { KafkaAuthValues } from './config';
import { decodeValue, encodeValue, type Format, PLAIN_FORMATS, type PlainFormat } from './messages';
import { type SchemaChoice, withRegistry } from './registry/registry';

/** Turns the bytes of values into what a flow sees. */
export interface ValueDecoder {
  /**
   * Fetches what `decode` needs for the values of these messages; call it for each batch.
   * @throws BizError when that cannot be asked just now; no message is to blame.
   */
  prepare(messages: readonly { readonly value: Buffer | null }[]): Promise<void>;
  /** @throws BizError `BIZ_KAFKA_VALUE_UNREADABLE`, `BIZ_KAFKA_SCHEMA_…` */
  readonly decode: (value: Buffer | null) => unknown;
}

export function valueDecoder(format: Format, auth: KafkaAuthValues): ValueDecoder {
  if (isPlain(format))
    return { prepare: async () => undefined, decode: (value) => decodeValue(value, format) };
  let decodeFramed: ((value: Buffer) => unknown) | undefined;
  return {
    prepare: (messages) =>
      withRegistry(auth, async (registry) => {
        const failures = await registry.prepare(messages.map(({ value }) => value));
        decodeFramed = (value) => registry.decode(value, failures);
      }),
    decode(value) {
      if (value === null) return null;
      if (!decodeFramed) throw new Error('decode was called before prepare');
      return decodeFramed(value);
    },
  };
}

export interface EncoderOptions {
  readonly format: Format;
  readonly auth: () => KafkaAuthValues;
  /** For the format `registry`; the message type for Protobuf schemas with several messages. */
  readonly choice: () => { readonly schema: SchemaChoice; readonly messageType: string | undefined };
}

/** A function that turns values of a flow into bytes; null stays null (a tombstone). @throws BizError */
export async function valueEncoder({
  format,
  auth,
  choice,
}: EncoderOptions): Promise<(value: unknown) => Buffer | null> {
  if (isPlain(format)) return (value) => encodeValue(value, format);
  const { schema, messageType } = choice();
  const encode = await withRegistry(auth(), (registry) => registry.encoder(schema, messageType));
  return (value) => (value === null || value === undefined ? null : encode(parsed(value)));
}

/** A field of text holds an object as JSON; what is no JSON stands for itself. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function isPlain(format: Format): format is PlainFormat {
  return PLAIN_FORMATS.some((plain) => plain === format);
}
