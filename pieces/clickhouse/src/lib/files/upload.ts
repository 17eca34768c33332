import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BizError, unreachableError } from '@bizstack/piece-common';

const UPLOAD_TIMEOUT_MS = 570_000;

/**
 * Sends bytes to a URL with PUT. They go over the disk first, because object stores want to know the size.
 * @returns the size in bytes.
 * @throws BizError `BIZ_CLICKHOUSE_UPLOAD_FAILED`; the URL may hold a signature and is not shown.
 */
export async function upload(source: Readable, target: URL): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'bizstack-clickhouse-'));
  const file = join(folder, 'upload');
  try {
    await pipeline(source, createWriteStream(file, { mode: 0o600 }));
    const { size } = await stat(file);
    await put(file, size, target);
    return size;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function put(file: string, size: number, target: URL): Promise<void> {
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const body = createReadStream(file);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const request = send(
        target,
        {
          method: 'PUT',
          signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS),
          headers: { 'content-length': size, 'content-type': 'application/octet-stream' },
        },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
          response.once('error', reject);
        },
      );
      request.once('error', reject);
      body.once('error', reject);
      body.pipe(request);
    });
    if (status < 200 || status > 299) throw failed(target, `answered with HTTP ${status}`, undefined);
  } catch (cause) {
    throw (
      unreachableError({ code: 'BIZ_CLICKHOUSE_UPLOAD_FAILED', where: target.host, cause }) ??
      (cause instanceof BizError ? cause : failed(target, 'ended the upload', cause))
    );
  } finally {
    body.destroy();
  }
}

function failed({ host }: URL, what: string, cause: unknown): BizError {
  return new BizError('BIZ_CLICKHOUSE_UPLOAD_FAILED', `${host} ${what}.`, {
    hint: 'Check that the upload URL accepts PUT and has not expired.',
    cause,
  });
}
