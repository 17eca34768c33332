import { Readable, Transform, type TransformCallback } from 'node:stream';
import * as zlib from 'node:zlib';
import { BizError, unreachableError } from '@bizstack/piece-common';

export const SOURCE_FORMATS = ['auto', 'csv', 'jsonl', 'parquet'] as const;
export type SourceFormat = (typeof SOURCE_FORMATS)[number];

export interface OpenFile {
  /** Decompressed. */
  readonly stream: Readable;
  readonly format: Exclude<SourceFormat, 'auto'>;
}

interface Source {
  readonly stream: Readable;
  readonly name: string;
}

/** A file that the engine has loaded already. */
export function fromBytes({ data, name }: { data: Buffer; name: string }): Source {
  return { stream: Readable.from([data], { objectMode: false }), name };
}

/**
 * A file that is read while it is inserted.
 * @throws BizError `BIZ_CLICKHOUSE_FILE_UNREACHABLE`; the URL may hold a signature and is not shown.
 */
export async function fromUrl(address: string, signal: AbortSignal): Promise<Source> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new BizError(
      'BIZ_CLICKHOUSE_FILE_UNREACHABLE',
      'The file URL does not begin with http:// or https://.',
      {
        hint: 'Give the address of the file, for example the one a step before has returned.',
      },
    );
  }
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    const known = unreachableError({ code: 'BIZ_CLICKHOUSE_FILE_UNREACHABLE', where: url.host, cause });
    throw (
      known ??
      new BizError('BIZ_CLICKHOUSE_FILE_UNREACHABLE', `Cannot read the file from ${url.host}.`, { cause })
    );
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new BizError(
      'BIZ_CLICKHOUSE_FILE_UNREACHABLE',
      `${url.host} answered with HTTP ${response.status}.`,
      {
        hint: 'Check that the URL is right and has not expired.',
      },
    );
  }
  const named = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(
    response.headers.get('content-disposition') ?? '',
  )?.[1];
  return { stream: Readable.from(response.body, { objectMode: false }), name: named ?? url.pathname };
}

/**
 * Decompresses a file and says what it is: by its first bytes, then by its name.
 * @throws BizError `BIZ_CLICKHOUSE_FILE_EMPTY`, `BIZ_CLICKHOUSE_FILE_FORMAT`
 */
export async function openFile({ stream, name }: Source, format: SourceFormat): Promise<OpenFile> {
  const raw = await peek(stream);
  const codec = codecOf(raw.head);
  const plain = codec === undefined ? raw : await peek(decompressed(raw.stream, codec));
  if (plain.head.length === 0) {
    throw new BizError('BIZ_CLICKHOUSE_FILE_EMPTY', 'The file is empty.', { hint: 'Give a file with rows.' });
  }
  return { stream: plain.stream, format: format === 'auto' ? formatOf(plain.head, name) : format };
}

function formatOf(head: Buffer, name: string): OpenFile['format'] {
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  const plainName = name.toLowerCase().replace(/\.(gz|gzip|zst|zstd)$/, '');
  if (/\.(csv|tsv|txt)$/.test(plainName)) return 'csv';
  if (/\.(jsonl|ndjson|json)$/.test(plainName)) return 'jsonl';
  if (/^[\uFEFF\s]*[{[]/.test(head.toString())) return 'jsonl';
  if (plainName.endsWith('.parquet')) {
    throw new BizError('BIZ_CLICKHOUSE_FILE_FORMAT', 'The file is named .parquet, but is none.', {
      hint: 'Check how it was made.',
    });
  }
  return 'csv';
}

type Codec = 'gzip' | 'zstd';

function codecOf(head: Buffer): Codec | undefined {
  const magic = head.subarray(0, 4).toString('hex');
  if (magic.startsWith('1f8b')) return 'gzip';
  return magic === '28b52ffd' ? 'zstd' : undefined;
}

function decompressed(stream: Readable, codec: Codec): Readable {
  if (codec === 'zstd' && typeof zlib.createZstdDecompress !== 'function') {
    throw new BizError('BIZ_CLICKHOUSE_FILE_FORMAT', 'This engine runs on a Node.js without zstd.', {
      hint: 'Compress the file with gzip.',
    });
  }
  const unpack = codec === 'gzip' ? zlib.createGunzip() : zlib.createZstdDecompress();
  stream.once('error', (error) => unpack.destroy(error));
  unpack.once('close', () => stream.destroy());
  return stream.pipe(unpack);
}

const HEAD_BYTES = 64;

/** The first bytes of a stream, and a stream that begins with them again. */
async function peek(stream: Readable): Promise<{ head: Buffer; stream: Readable }> {
  const iterator: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  const taken: Buffer[] = [];
  let bytes = 0;
  let done = false;
  while (bytes < HEAD_BYTES && !done) {
    const next = await iterator.next();
    if (next.done === true) done = true;
    else {
      taken.push(next.value);
      bytes += next.value.length;
    }
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield* taken;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
  const again = Readable.from(all(), { objectMode: false });
  again.once('close', () => stream.destroy());
  return { head: Buffer.concat(taken).subarray(0, HEAD_BYTES), stream: again };
}

export const ENCODINGS = ['utf-8', 'windows-1252', 'utf-16le'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Text in another encoding as UTF-8. Text that claims to be UTF-8 goes through byte by byte. */
export function toUtf8(stream: Readable, encoding: Encoding): Readable {
  if (encoding === 'utf-8') return stream;
  const decoder = new TextDecoder(encoding);
  const transform = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      done(null, decoder.decode(chunk, { stream: true }));
    },
    flush(done: TransformCallback) {
      done(null, decoder.decode());
    },
  });
  stream.once('error', (error) => transform.destroy(error));
  transform.once('close', () => stream.destroy());
  return stream.pipe(transform);
}
