import { createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { failure } from '../errors';

export interface SpoolLimits {
  /** Bytes of one request's decompressed body. */
  readonly maxBodyBytes: number;
  /** Bytes of all spooled files together. */
  readonly maxSpoolBytes: number;
  /** Spooling stops while the disk has less than this free, bytes. */
  readonly minFreeBytes: number;
}

export interface SpooledFile {
  readonly path: string;
  readonly bytes: number;
  remove(): Promise<void>;
}

const CHECK_EVERY = 32 * 1024 * 1024;

/** Files for what must be whole before it goes on: the rows of an INSERT, a result that is waited for. */
export class Spool {
  readonly dir: string;
  readonly #limits: SpoolLimits;
  #used = 0;

  /** Removes what an earlier, killed server left behind: call it only once the engine holds its lock. */
  constructor(dir: string, limits: SpoolLimits) {
    this.dir = dir;
    this.#limits = limits;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true, force: true });
  }

  /**
   * Writes a stream to a file of its own.
   * @throws ClickHouseError 307 over the limit, 243 when the disk or the quota is full
   */
  async store(name: string, source: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<SpooledFile> {
    const path = join(this.dir, name);
    let bytes = 0;
    let unchecked = CHECK_EVERY;
    const remove = async (): Promise<void> => {
      this.#used -= bytes;
      bytes = 0;
      await rm(path, { force: true });
    };
    const file = createWriteStream(path, { mode: 0o600 });
    // A failure is met by `finished` below; this keeps one that comes earlier from being unhandled.
    const written = finished(file);
    written.catch(() => undefined);
    try {
      for await (const chunk of source) {
        bytes += chunk.length;
        this.#used += chunk.length;
        unchecked += chunk.length;
        this.#checkLimits(bytes);
        if (unchecked >= CHECK_EVERY) {
          unchecked = 0;
          await this.#checkDisk();
        }
        if (!file.write(chunk)) await Promise.race([once(file, 'drain'), written]);
      }
      file.end();
      await written;
      return { path, bytes, remove };
    } catch (error) {
      file.destroy();
      await remove();
      throw error;
    }
  }

  #checkLimits(bytes: number): void {
    const { maxBodyBytes, maxSpoolBytes } = this.#limits;
    if (bytes > maxBodyBytes) {
      throw failure(
        'TOO_MANY_BYTES',
        `The request or result is larger than ${maxBodyBytes} bytes. Send it in parts or raise --max-body-bytes.`,
      );
    }
    if (this.#used > maxSpoolBytes) {
      throw failure(
        'NOT_ENOUGH_SPACE',
        `Requests under way hold more than ${maxSpoolBytes} bytes on disk. Try again later or raise --max-spool-bytes.`,
      );
    }
  }

  async #checkDisk(): Promise<void> {
    const { bavail, bsize } = await statfs(this.dir);
    if (bavail * bsize < this.#limits.minFreeBytes) {
      throw failure(
        'NOT_ENOUGH_SPACE',
        `The disk has ${bavail * bsize} bytes free, fewer than the ${this.#limits.minFreeBytes} that must stay free. Free some space.`,
      );
    }
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
