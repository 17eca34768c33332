import { type IncomingMessage } from 'node:http';
import { type Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { failure } from '../errors';

export type Encoding = 'zstd' | 'br' | 'gzip' | 'deflate';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  // Node 20 has no zstd.
  ...(typeof zlib.createZstdDecompress === 'function' ? { zstd: () => zlib.createZstdDecompress() } : {}),
};

/**
 * The request's body, decompressed.
 * @throws ClickHouseError 48 for an encoding that is not served
 */
export function decodeBody(request: IncomingMessage): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return request;
  const decoder = DECODERS[encoding]?.();
  if (decoder === undefined) {
    throw failure(
      'NOT_IMPLEMENTED',
      `Unknown http body compression method: ${encoding}. Send one of: ${Object.keys(DECODERS).join(', ')}.`,
    );
  }
  // A client that goes away in mid-body must fail the decoder too, or an INSERT would take half of it.
  request.once('error', (error) => decoder.destroy(error));
  request.once('close', () => {
    if (!request.complete) decoder.destroy(new Error('The client closed the connection in mid-body.'));
  });
  return request.pipe(decoder);
}

const PREFERENCE: readonly Encoding[] = [
  ...(typeof zlib.createZstdCompress === 'function' ? (['zstd'] as const) : []),
  'br',
  'gzip',
  'deflate',
];

/** The best encoding that the client accepts, by its own weights first. */
export function chooseEncoding(accept: string | undefined): Encoding | undefined {
  const weights = new Map<string, number>();
  for (const part of (accept ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, quality === undefined ? 1 : Number(quality.slice(2)) || 0);
  }
  const offers = PREFERENCE.map((encoding) => ({
    encoding,
    weight: weights.get(encoding) ?? weights.get('*') ?? 0,
  })).filter(({ weight }) => weight > 0);
  return offers.sort((a, b) => b.weight - a.weight)[0]?.encoding;
}

/** @param level `http_zlib_compression_level`, 1 to 9 */
export function createEncoder(encoding: Encoding, level: number): Transform {
  switch (encoding) {
    case 'gzip':
      return zlib.createGzip({ level });
    case 'deflate':
      return zlib.createDeflate({ level });
    case 'br':
      return zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: level } });
    case 'zstd':
      return zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_compressionLevel]: level } });
  }
}
