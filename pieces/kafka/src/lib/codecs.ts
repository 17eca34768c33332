import zlib from 'node:zlib';
import { BizError } from '@bizstack/piece-common';
import { decompress as zstdDecompress } from 'fzstd';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { compressBlock, decompress as lz4Decompress } from 'lz4js';
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

/** Magic, flags (version 1, independent blocks), 4 MB blocks, and the checksum of these two bytes. */
const LZ4_HEADER = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]);
const LZ4_BLOCK_BYTES = 4 * 1024 * 1024;
const LZ4_UNCOMPRESSED = 0x8000_0000;
const LZ4_HASH_ENTRIES = 1 << 16;

/** An LZ4 frame with independent blocks: Kafka's brokers read no other, and lz4js's own frames are not. */
export function encodeLz4(input: Buffer): Buffer {
  const parts: Buffer[] = [LZ4_HEADER];
  for (let at = 0; at < input.length; at += LZ4_BLOCK_BYTES) {
    const block = input.subarray(at, at + LZ4_BLOCK_BYTES);
    const target = Buffer.alloc(block.length + Math.ceil(block.length / 255) + 16);
    const written = compressBlock(block, target, 0, block.length, new Uint32Array(LZ4_HASH_ENTRIES));
    const compressed = written > 0 && written < block.length;
    parts.push(
      uint32(compressed ? written : block.length + LZ4_UNCOMPRESSED),
      compressed ? target.subarray(0, written) : block,
    );
  }
  return Buffer.concat([...parts, uint32(0)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
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
    compress: async ({ buffer }: Encoder) => encodeLz4(buffer),
    decompress: async (buffer: Buffer) => Buffer.from(lz4Decompress(buffer)),
  });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async ({ buffer }: Encoder) => encodeZstd(buffer),
    decompress: async (buffer: Buffer) => decodeZstd(buffer),
  });
}
