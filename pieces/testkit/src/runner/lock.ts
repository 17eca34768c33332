import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BizError, codeOf } from '../errors';

/**
 * Keeps a second runner out of a state directory. Returns the release.
 * @throws BizError `BIZ_RUNNER_LOCKED` while the process that holds it lives.
 */
export function lockState(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'lock');
  const mine = identityOf(process.pid);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return () => {
        if (read(file) === mine) rmSync(file, { force: true });
      };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = read(file);
    const pid = Number(holder.split(' ')[0]);
    if (pid > 0 && pid !== process.pid && isAlive(pid) && identityOf(pid) === holder) {
      throw new BizError('BIZ_RUNNER_LOCKED', `Process ${pid} runs flows in ${directory}.`, {
        hint: 'Stop it first, or give another --state.',
      });
    }
    if (holder === mine) {
      throw new BizError('BIZ_RUNNER_LOCKED', `This process runs flows in ${directory} already.`);
    }
    rmSync(file, { force: true });
  }
  throw new BizError('BIZ_RUNNER_LOCKED', `${directory} was taken by another runner at the same moment.`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Pid and, on Linux, the start time: after a crash the pid may belong to another program. */
function identityOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return `${pid} `;
  }
}
