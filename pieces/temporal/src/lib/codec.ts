import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { BizError } from '@bizstack/piece-common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';

const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const { Payload: PayloadMessage } = temporal.api.common.v1;

export interface CodecKeys {
  /** Id of the key that encrypts. */
  readonly current: string;
  /** Every key that may decrypt, the current one included. */
  readonly ring: ReadonlyMap<string, Buffer>;
}

/**
 * Encrypts each payload whole with AES-256-GCM. The result has encoding `binary/encrypted` and the id of
 * its key in the metadata; its data is nonce (12 bytes), ciphertext, tag (16 bytes) of the serialized
 * payload: the layout that workers in other languages use too. The nonce is random for each payload.
 * Payloads that are not encrypted are read as they are, so that encryption can be switched on later.
 */
export function createPayloadCodec({ current, ring }: CodecKeys): PayloadCodec {
  const key = keyOf(ring, current);
  return {
    encode: async (payloads) => payloads.map((payload) => seal(payload, current, key)),
    decode: async (payloads) =>
      payloads.map((payload) =>
        textOf(payload.metadata?.['encoding']) === ENCODING ? open(payload, ring) : payload,
      ),
  };
}

const READABLE = new Set(['binary/null', 'binary/plain', 'json/plain']);

/**
 * Reads what it can and gives null for the rest: in a list, the memo of a workflow that was encrypted with
 * a key of others must not hide everything else.
 */
export function createLenientCodec(codec: PayloadCodec | undefined): PayloadCodec {
  const decodeOne = async (payload: Payload): Promise<Payload> => {
    try {
      const [plain = payload] = codec === undefined ? [payload] : await codec.decode([payload]);
      if (READABLE.has(textOf(plain.metadata?.['encoding']))) return plain;
    } catch {
      // Told as null, as said above.
    }
    return { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('null') };
  };
  return {
    encode: (payloads) => codec?.encode(payloads) ?? Promise.resolve(payloads),
    decode: (payloads) => Promise.all(payloads.map(decodeOne)),
  };
}

function seal(payload: Payload, keyId: string, key: Buffer): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const body = cipher.update(PayloadMessage.encode(payload).finish());
  return {
    metadata: {
      encoding: Buffer.from(ENCODING),
      'encryption-key-id': Buffer.from(keyId),
    },
    data: Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]),
  };
}

function open(payload: Payload, ring: CodecKeys['ring']): Payload {
  const keyId = textOf(payload.metadata?.['encryption-key-id']);
  const key = keyOf(ring, keyId);
  const data = Buffer.from(payload.data ?? []);
  try {
    if (data.length < NONCE_BYTES + TAG_BYTES) throw new Error('too short');
    const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(data.subarray(-TAG_BYTES));
    const plain = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return PayloadMessage.decode(plain);
  } catch (cause) {
    throw new BizError(
      'BIZ_TEMPORAL_PAYLOAD_UNREADABLE',
      `A payload cannot be decrypted with key "${keyId}".`,
      {
        hint: 'The key of the connection differs from the one of the worker, or the payload was damaged.',
        cause,
        details: { keyId },
      },
    );
  }
}

function keyOf(ring: CodecKeys['ring'], keyId: string): Buffer {
  const key = ring.get(keyId);
  if (key) return key;
  throw new BizError(
    'BIZ_TEMPORAL_CODEC_KEY_UNKNOWN',
    `A payload is encrypted with key "${keyId}", which is not here.`,
    {
      hint: 'Add that key to the older codec keys of the connection, as id=key.',
      details: { keyId },
    },
  );
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes ? Buffer.from(bytes).toString('utf8') : '';
}

/** 32 bytes in base64 or hexadecimal. @throws BizError `BIZ_TEMPORAL_CODEC_KEY_INVALID` */
export function parseKey(text: string): Buffer {
  const bytes = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, 'hex')
    : /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
      ? Buffer.from(text, 'base64')
      : Buffer.alloc(0);
  if (bytes.length === KEY_BYTES) return bytes;
  throw new BizError(
    'BIZ_TEMPORAL_CODEC_KEY_INVALID',
    'The payload codec key is not 32 bytes in base64 or hexadecimal.',
    {
      hint: 'Make one with: openssl rand -base64 32.',
    },
  );
}

/** `id=key` separated by commas or line ends. @throws BizError `BIZ_TEMPORAL_CODEC_KEY_INVALID` */
export function parseKeyRing(text: string): [string, Buffer][] {
  return text
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .map((one) => {
      const at = one.indexOf('=');
      if (at > 0) return [one.slice(0, at), parseKey(one.slice(at + 1))];
      throw new BizError('BIZ_TEMPORAL_CODEC_KEY_INVALID', 'An older codec key has no id.', {
        hint: 'Write them as id=key, separated by commas.',
      });
    });
}
