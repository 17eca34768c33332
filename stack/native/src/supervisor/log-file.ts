import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface LogFileOptions {
  /** Bytes after which the file is rotated. */
  readonly maxBytes?: number;
  /** Rotated files that are kept: `x.log.1` is the newest. */
  readonly keep?: number;
}

/** The log of one process: appended, rotated by size. A full disk loses log lines, never the service. */
export class LogFile {
  private fd: number | undefined;
  private size = 0;
  private readonly maxBytes: number;
  private readonly keep: number;

  constructor(
    readonly path: string,
    { maxBytes = 10_000_000, keep = 3 }: LogFileOptions = {},
  ) {
    this.maxBytes = maxBytes;
    this.keep = keep;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.open();
  }

  write(chunk: Buffer | string): void {
    try {
      if (this.fd === undefined) this.open();
      if (this.fd === undefined) return;
      this.size += writeSync(this.fd, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      if (this.size >= this.maxBytes) this.rotate();
    } catch {
      this.close();
    }
  }

  /** One line of the supervisor's own among the service's. */
  note(message: string): void {
    this.write(`${new Date().toISOString()} [bizstack] ${message}\n`);
  }

  close(): void {
    if (this.fd === undefined) return;
    const fd = this.fd;
    this.fd = undefined;
    closeSync(fd);
  }

  private open(): void {
    this.fd = openSync(this.path, 'a', 0o600);
    this.size = fstatSync(this.fd).size;
  }

  private rotate(): void {
    this.close();
    rmSync(`${this.path}.${this.keep}`, { force: true });
    for (let i = this.keep - 1; i >= 1; i--) {
      if (existsSync(`${this.path}.${i}`)) renameSync(`${this.path}.${i}`, `${this.path}.${i + 1}`);
    }
    if (this.keep > 0) renameSync(this.path, `${this.path}.1`);
    else rmSync(this.path, { force: true });
    this.open();
  }
}

/** The last lines of a log file; reads at most 256 KB of it. Empty when there is no file. */
export function tailOf(path: string, lines: number): string[] {
  if (!existsSync(path)) return [];
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const length = Math.min(size, 262_144);
    const buffer = Buffer.alloc(length);
    readSync(fd, buffer, 0, length, size - length);
    const all = buffer.toString('utf8').split('\n');
    if (all.at(-1) === '') all.pop();
    return all.slice(-lines);
  } finally {
    closeSync(fd);
  }
}
