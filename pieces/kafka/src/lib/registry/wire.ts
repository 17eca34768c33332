import { BizError } from '@bizstack/piece-common';

const MAGIC = 0;
const HEADER_BYTES = 5;

export interface Frame {
  readonly schemaId: number;
  readonly payload: Buffer;
}

/**
 * Splits a value in the registry's wire format: a zero byte, the schema id as four bytes, the payload.
 * @throws BizError `BIZ_KAFKA_VALUE_UNREADABLE`
 */
export function readFrame(value: Buffer): Frame {
  if (value.length < HEADER_BYTES || value[0] !== MAGIC) {
    throw new BizError(
      'BIZ_KAFKA_VALUE_UNREADABLE',
      'The value was not written with a schema of the Schema Registry.',
      { hint: 'Choose the format that its producer uses: JSON, Text or Binary.' },
    );
  }
  return { schemaId: value.readInt32BE(1), payload: value.subarray(HEADER_BYTES) };
}

export function writeFrame(schemaId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, payload]);
}

/**
 * Reads the message indexes in front of a Protobuf payload: where the type stands in the schema, from the
 * outermost message inwards. One zero byte stands for the first message.
 * @throws BizError `BIZ_KAFKA_VALUE_UNREADABLE`
 */
export function readMessageIndexes(payload: Buffer): { indexes: number[]; rest: Buffer } {
  let at = 0;
  const next = (): number => {
    let [raw, shift] = [0, 0];
    for (;;) {
      const byte = payload[at];
      if (byte === undefined || shift > 28) {
        throw new BizError(
          'BIZ_KAFKA_VALUE_UNREADABLE',
          'The message indexes of the Protobuf value are cut off.',
        );
      }
      at += 1;
      raw |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return (raw >>> 1) ^ -(raw & 1);
      shift += 7;
    }
  };
  const count = next();
  if (count === 0) return { indexes: [0], rest: payload.subarray(at) };
  if (count < 0 || count > payload.length) {
    throw new BizError(
      'BIZ_KAFKA_VALUE_UNREADABLE',
      'The message indexes of the Protobuf value are not valid.',
    );
  }
  const indexes = Array.from({ length: count }, next);
  return { indexes, rest: payload.subarray(at) };
}

export function writeMessageIndexes(indexes: readonly number[]): Buffer {
  if (indexes.length === 1 && indexes[0] === 0) return Buffer.from([0]);
  return Buffer.from([indexes.length, ...indexes].flatMap(zigzag));
}

function zigzag(value: number): number[] {
  const bytes: number[] = [];
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}
