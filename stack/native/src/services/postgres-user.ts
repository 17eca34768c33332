import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { BizError } from '@bizstack/contracts';
import type { DriverContext } from '../driver';
import { keyHash } from '../install/cache-entry';
import { hasCode } from '../state/error-code';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; then it runs as `nobody`. Undefined: as the user who starts the stack. */
export function serverUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new BizError(
      'BIZ_NATIVE_POSTGRES_USER',
      'PostgreSQL does not run as root, and this machine has no user "nobody".',
      {
        hint: 'Run the stack as an ordinary user.',
      },
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** True when the user may pass through every folder down to `dir`. */
export function canReach(dir: string, user: SystemUser | undefined): boolean {
  if (user === undefined) return true;
  if (!existsSync(dir)) return canReach(dirname(dir), user);
  for (let path = realpathSync(dir); ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/**
 * `dir`, or a folder below /var/tmp when the user cannot pass through to `dir` (a home of mode 0700).
 * @throws BizError `BIZ_NATIVE_POSTGRES_DIR` when somebody else made that folder.
 */
export function reachableDir(context: DriverContext, dir: string, user: SystemUser | undefined): string {
  if (canReach(dir, user)) return dir;
  const root = join('/var/tmp', `bizstack-${keyHash(resolve(dir))}`);
  try {
    mkdirSync(root, { mode: 0o755 });
    context.log.info(`the user that runs PostgreSQL cannot reach ${dir}; using ${root}`);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  const { uid, mode } = lstatSync(root);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0 || !lstatSync(root).isDirectory()) {
    throw new BizError('BIZ_NATIVE_POSTGRES_DIR', `${root} was made by another user.`, {
      hint: 'Remove it and start again.',
    });
  }
  return root;
}

/** An empty folder that only that user can open. */
export function makePrivateDir(dir: string, user: SystemUser | undefined): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  if (user) chownSync(dir, user.uid, user.gid);
}
