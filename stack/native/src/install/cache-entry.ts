import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { waitForLock } from '../state/lock';
import { requireDisk } from './disk';

const MARKER = '.bizstack-installed.json';

export interface CacheEntryOptions {
  readonly cacheDir: string;
  /** Folder name: what it is and which version, for example `kafka-4.1.1-1f2e3d4c`. */
  readonly key: string;
  /** Space that filling needs, in MB. */
  readonly neededMb: number;
  readonly signal?: AbortSignal;
  readonly onWait?: (pid: number) => void;
  /** Some programs (a Python environment) bake their path in: they are filled in place, not moved. */
  readonly inPlace?: boolean;
  /** Fills the folder. Called only when there is no complete entry. */
  readonly fill: (dir: string) => Promise<void>;
}

/**
 * A folder of the cache that is complete or is made complete. The marker is written last, so an interrupted
 * install is done again; a lock keeps two clones from installing the same thing at once.
 * @returns the folder.
 */
export async function cacheEntry(options: CacheEntryOptions): Promise<string> {
  const { cacheDir, key, neededMb, signal, onWait, inPlace = false, fill } = options;
  const dir = cacheEntryDir(cacheDir, key);
  if (isComplete(dir)) return dir;
  const lock = await waitForLock(`${dir}.lock`, { signal, onWait: (owner) => onWait?.(owner.pid) });
  try {
    if (isComplete(dir)) return dir;
    requireDisk(cacheDir, neededMb, `Installing ${key}`);
    removeLeftovers(cacheDir, key);
    rmSync(dir, { recursive: true, force: true });
    const work = inPlace ? dir : join(cacheDir, `${key}.partial-${randomBytes(4).toString('hex')}`);
    mkdirSync(work, { recursive: true, mode: 0o755 });
    try {
      await fill(work);
    } catch (error) {
      rmSync(work, { recursive: true, force: true });
      throw error;
    }
    const marker = join(work, MARKER);
    writeFileSync(`${marker}.tmp`, JSON.stringify({ key, installedAt: new Date().toISOString() }));
    renameSync(`${marker}.tmp`, marker);
    if (work !== dir) renameSync(work, dir);
    return dir;
  } finally {
    lock.release();
  }
}

export function cacheEntryDir(cacheDir: string, key: string): string {
  return join(cacheDir, key);
}

export function isComplete(dir: string): boolean {
  return existsSync(join(dir, MARKER));
}

/** First 12 hexadecimal characters of the SHA-256 over texts and files; part of a cache key. */
export function keyHash(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 12);
}

export function fileHash(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** The caller holds the entry's lock, so nobody works in these folders. */
function removeLeftovers(cacheDir: string, key: string): void {
  if (statSync(dirname(join(cacheDir, key)), { throwIfNoEntry: false }) === undefined) return;
  for (const name of readdirSync(cacheDir)) {
    if (name.startsWith(`${key}.partial-`)) rmSync(join(cacheDir, name), { recursive: true, force: true });
  }
}
