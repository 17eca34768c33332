import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BizError } from '@bizstack/contracts';

/**
 * Named pipes through which the engine hands over results as it makes them. The engine's own streaming call
 * formats each chunk as a document of its own (a header per chunk, several Parquet files in a row), whereas
 * INTO OUTFILE writes one document, with back-pressure from the pipe.
 */
export class FifoPool {
  readonly #free: string[];

  private constructor(paths: string[]) {
    this.#free = paths;
  }

  /** @throws BizError `BIZ_CLICKHOUSE_FIFO` when `mkfifo` is missing or fails */
  static async create(dir: string, count: number): Promise<FifoPool> {
    const paths = Array.from({ length: count }, (_, index) => join(dir, `result-${index}.fifo`));
    try {
      await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
    } catch (cause) {
      throw new BizError('BIZ_CLICKHOUSE_FIFO', `mkfifo could not make named pipes in ${dir}.`, {
        hint: 'The command mkfifo (coreutils) must be there and the directory on a local file system.',
        cause,
      });
    }
    return new FifoPool(paths);
  }

  /** One pipe per running statement; the number of slots guarantees that one is free. */
  open(): ResultPipe {
    const path = this.#free.pop();
    if (path === undefined) {
      throw new BizError('BIZ_CLICKHOUSE_FIFO', 'No result pipe is free although a slot was.');
    }
    return new ResultPipe(path, () => this.#free.push(path));
  }
}

/** The reading side of one result. */
export class ResultPipe {
  readonly path: string;
  readonly stream: Socket;
  readonly #giveBack: () => void;
  #writer: number | undefined;
  #closed = false;

  constructor(path: string, giveBack: () => void) {
    this.path = path;
    this.#giveBack = giveBack;
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // Held open so that the end of file comes when `end` says so, however often the engine opens the pipe.
    this.#writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.stream = new Socket({ fd: reader, readable: true, writable: false });
  }

  /** The engine has finished: the reader ends after what is still in the pipe. */
  end(): void {
    if (this.#writer === undefined) return;
    closeSync(this.#writer);
    this.#writer = undefined;
  }

  /** Throws away what comes, so that a cancelled statement that is blocked on a full pipe can end. */
  discard(): void {
    this.stream.removeAllListeners('readable');
    this.stream.on('data', () => undefined);
    this.stream.on('error', () => undefined);
    this.stream.resume();
  }

  /** Call it only when the statement has ended. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.end();
    if (!this.stream.destroyed) {
      const gone = new Promise<void>((resolve) => this.stream.once('close', () => resolve()));
      this.stream.destroy();
      await gone;
    }
    this.#giveBack();
  }
}
