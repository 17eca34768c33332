import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeFileAtomic } from '../atomic-file';
import { BizError } from '../errors';
import { entrySchema, type JournalEntry, type Snapshot, snapshotSchema } from './records';

/** Bytes of journal after which a snapshot replaces it. */
export const COMPACT_AT_BYTES = 32 * 1024 * 1024;

const EMPTY: Snapshot = { store: {}, runs: [], triggers: {} };

interface Waiting {
  line: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Append-only journal with snapshots: `snapshot-<n>.json` is the state before the first line of `journal-<n>.ndjson`.
 * An append resolves when it is on the disk; appends that wait together share one sync.
 */
export class Journal {
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;
  private failure: BizError | undefined;
  private bytes = 0;

  private constructor(
    private readonly directory: string,
    private generation: number,
    private handle: FileHandle,
    private readonly compactAt: number,
  ) {}

  /**
   * Opens the newest state of a directory.
   * @throws BizError `BIZ_RUNNER_STATE` when a file is damaged anywhere but in its last, unfinished line.
   */
  static async open(
    directory: string,
    apply: (snapshot: Snapshot, entries: Iterable<JournalEntry>) => void,
    compactAt = COMPACT_AT_BYTES,
  ): Promise<Journal> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const generation = newestGeneration(directory);
    const snapshotFile = join(directory, `snapshot-${generation}.json`);
    const snapshot = existsSync(snapshotFile) ? readSnapshot(snapshotFile) : EMPTY;
    const file = join(directory, `journal-${generation}.ndjson`);
    const { entries, length } = readEntries(file);
    apply(snapshot, entries);
    const handle = await open(file, 'a+', 0o600);
    // What a crash left of a last line would damage the next one.
    await handle.truncate(length);
    syncDirectory(directory);
    const journal = new Journal(directory, generation, handle, compactAt);
    journal.bytes = length;
    return journal;
  }

  /** Rejects with `BIZ_RUNNER_STATE` once the disk refused a write; nothing is accepted after that. */
  append(entry: JournalEntry): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const line = `${JSON.stringify(entry)}\n`;
    return new Promise((resolve, reject) => {
      this.waiting.push({ line, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  get wantsCompaction(): boolean {
    return this.bytes > this.compactAt;
  }

  /** Replaces the journal by the state that `take` returns; appends wait until it is done. */
  async compact(take: () => Snapshot): Promise<void> {
    while (this.flushing !== undefined) await this.flushing;
    // Somebody else has done it while this call waited.
    if (!this.wantsCompaction) return;
    const replace = async (): Promise<void> => {
      const next = this.generation + 1;
      writeFileAtomic(join(this.directory, `snapshot-${next}.json`), JSON.stringify(take()));
      const handle = await open(join(this.directory, `journal-${next}.ndjson`), 'a+', 0o600);
      syncDirectory(this.directory);
      await this.handle.close();
      rmSync(join(this.directory, `journal-${this.generation}.ndjson`), { force: true });
      rmSync(join(this.directory, `snapshot-${this.generation}.json`), { force: true });
      this.handle = handle;
      this.generation = next;
      this.bytes = 0;
    };
    this.flushing = replace().finally(() => {
      this.flushing = this.waiting.length > 0 ? this.flush() : undefined;
    });
    await this.flushing;
  }

  async close(): Promise<void> {
    while (this.flushing !== undefined) await this.flushing;
    await this.handle.close();
  }

  private async flush(): Promise<void> {
    // One turn of the event loop, so that entries of the same moment share a sync.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      try {
        const data = Buffer.from(group.map(({ line }) => line).join(''));
        await this.handle.appendFile(data);
        await this.handle.datasync();
        this.bytes += data.length;
        for (const { resolve } of group) resolve();
      } catch (cause) {
        this.failure = new BizError(
          'BIZ_RUNNER_STATE',
          `The journal in ${this.directory} cannot be written.`,
          {
            hint: 'Check free space and permissions, then start again: nothing that was accepted is lost.',
            cause,
          },
        );
        for (const { reject } of [...group, ...this.waiting]) reject(this.failure);
        this.waiting = [];
      }
    }
    this.flushing = undefined;
  }
}

function newestGeneration(directory: string): number {
  const generations = readdirSync(directory).flatMap((name) => {
    const match = /^snapshot-(\d+)\.json$/.exec(name);
    return match ? [Number(match[1])] : [];
  });
  return Math.max(0, ...generations);
}

function readSnapshot(file: string): Snapshot {
  try {
    return snapshotSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw damaged(file, 1, cause);
  }
}

function readEntries(file: string): { entries: JournalEntry[]; length: number } {
  if (!existsSync(file)) return { entries: [], length: 0 };
  const data = readFileSync(file);
  // A line that has no end was never acknowledged.
  const length = data.lastIndexOf(0x0a) + 1;
  const lines = data.subarray(0, length).toString('utf8').split('\n').slice(0, -1);
  const entries = lines.map((line, index) => {
    try {
      return entrySchema.parse(JSON.parse(line));
    } catch (cause) {
      throw damaged(file, index + 1, cause);
    }
  });
  return { entries, length };
}

function damaged(file: string, line: number, cause: unknown): BizError {
  return new BizError('BIZ_RUNNER_STATE', `${file}, line ${line}: not what the runner writes.`, {
    hint: 'Move the state directory away to start without its runs.',
    cause,
  });
}
