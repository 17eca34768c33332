import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { BizError, messageOf } from '@bizstack/contracts';

export interface TarEntry {
  readonly path: string;
  readonly content: Buffer;
}

/** Bytes a tarball may unpack to: far above any package of ours, far below what hurts. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
const BLOCK = 512;

/**
 * The regular files of an npm tarball (`npm pack`).
 *
 * @throws BIZ_LOAD_TARBALL when the file is no gzipped tar archive, is cut off or unpacks to over 512 MB
 */
export async function readTarball(file: string): Promise<TarEntry[]> {
  const packed = await readFile(file);
  try {
    return entriesOf(await promisify(gunzip)(packed, { maxOutputLength: MAX_UNPACKED_BYTES }));
  } catch (error) {
    throw new BizError(
      'BIZ_LOAD_TARBALL',
      `${file} is not a complete package tarball: ${messageOf(error)}.`,
      {
        hint: 'Run `npm run pack` to write it again.',
        cause: error,
      },
    );
  }
}

/** Identity of a build: names and contents, not the archive's dates or compression. Hexadecimal SHA-256. */
export function hashOf(entries: readonly TarEntry[]): string {
  const hash = createHash('sha256');
  for (const { path, content } of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function entriesOf(archive: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  let longPath: string | undefined;
  for (let offset = 0; offset + BLOCK <= archive.length;) {
    const header = archive.subarray(offset, offset + BLOCK);
    if (header.every((byte) => byte === 0)) {
      return entries;
    }
    const size = Number.parseInt(text(header, 124, 12).trim() || '0', 8);
    if (!Number.isSafeInteger(size) || offset + BLOCK + size > archive.length) {
      throw new Error('an entry is cut off');
    }
    const content = archive.subarray(offset + BLOCK, offset + BLOCK + size);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'x') {
      longPath = /\d+ path=(.*)\n/.exec(content.toString('utf8'))?.[1];
    } else {
      if (type === '0' || type === '\0') {
        const prefix = text(header, 345, 155);
        const name = text(header, 0, 100);
        entries.push({ path: longPath ?? (prefix === '' ? name : `${prefix}/${name}`), content });
      }
      longPath = undefined;
    }
    offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error('the end of the archive is missing');
}

function text(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}
