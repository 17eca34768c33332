import zlib from 'node:zlib';
import { BizError } from '@bizstack/piece-common';
import { decompress as zstdDecompress } from 'fzstd';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { compress as lz4Compress, decompress as lz4Decompress } from 'lz4js';
import { compress as snappyCompress, uncompress as snappyUncompress } from 'snappyjs';

interface Encoder {
  readonly buffer: Buffer;
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_LENGTH = 16;

/** Java's producers frame snappy in blocks; others send one raw block. */
export function decodeSnappy(input: Buffer): Buffer {
  if (!input.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC))
    return Buffer.from(snappyUncompress(input));
  const parts: Buffer[] = [];
  for (let at = XERIAL_HEADER_LENGTH; at < input.length;) {
    const length = input.readUInt32BE(at);
    parts.push(Buffer.from(snappyUncompress(input.subarray(at + 4, at + 4 + length))));
    at += 4 + length;
  }
  return Buffer.concat(parts);
}

function encodeZstd(input: Buffer): Buffer {
  // Only Node 22.15 and later can write zstd; reading works everywhere.
  if (typeof zlib.zstdCompressSync !== 'function') {
    throw new BizError('BIZ_KAFKA_COMPRESSION_UNAVAILABLE', 'This Node.js cannot write zstd.', {
      hint: 'Choose gzip, snappy or lz4, or run the engine on Node 22.15 or later.',
    });
  }
  return zlib.zstdCompressSync(input);
}

function decodeZstd(input: Buffer): Buffer {
  return typeof zlib.zstdDecompressSync === 'function'
    ? zlib.zstdDecompressSync(input)
    : Buffer.from(zstdDecompress(input));
}

/** Teaches kafkajs, which knows gzip only, the other codecs of Kafka. None is a native module. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: async ({ buffer }: Encoder) => Buffer.from(snappyCompress(buffer)),
    decompress: async (buffer: Buffer) => decodeSnappy(buffer),
  });
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: async ({ buffer }: Encoder) => Buffer.from(lz4Compress(buffer)),
    decompress: async (buffer: Buffer) => Buffer.from(lz4Decompress(buffer)),
  });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async ({ buffer }: Encoder) => encodeZstd(buffer),
    decompress: async (buffer: Buffer) => decodeZstd(buffer),
  });
}
