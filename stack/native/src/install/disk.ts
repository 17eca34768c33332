import { mkdirSync, statfsSync } from 'node:fs';
import { BizError } from '@bizstack/contracts';

/** Free space in MB for this user on the disk that holds `dir`. */
export function freeDiskMb(dir: string): number {
  mkdirSync(dir, { recursive: true });
  const { bavail, bsize } = statfsSync(dir);
  return Math.floor((bavail * bsize) / 1_000_000);
}

/** @throws BizError `BIZ_NATIVE_DISK_FULL` when fewer than `neededMb` MB are free. */
export function requireDisk(dir: string, neededMb: number, purpose: string, free = freeDiskMb): void {
  const freeMb = free(dir);
  if (freeMb < neededMb) {
    throw new BizError(
      'BIZ_NATIVE_DISK_FULL',
      `${purpose} needs ${neededMb} MB in ${dir}, and ${freeMb} MB are free.`,
      {
        hint: 'Free some space, or name another disk: BIZSTACK_CACHE_DIR for downloads, BIZSTACK_STATE_DIR for data.',
      },
    );
  }
}
