import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process started, as text that only equality means something for; undefined when there is no such process.
 * A pid alone is not an identity: the system gives it to another process later.
 */
export function processStartTime(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command stands in parentheses and may hold anything; the fields after the last one are fixed.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

export function isSameProcess(pid: number, startTime: string): boolean {
  return processStartTime(pid) === startTime;
}

/** The command line of a process for a person, at most 120 characters; undefined when it cannot be read. */
export function processCommand(pid: number): string | undefined {
  try {
    const text =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    if (text === '') return undefined;
    return text.length > 120 ? `${text.slice(0, 119)}…` : text;
  } catch {
    return undefined;
  }
}

/** Sends a signal to a whole process group. False when there is no such group. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** True while any process of the group lives (a zombie that nobody reaped does not count). */
export function groupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
  } catch {
    return false;
  }
  return process.platform !== 'linux' || processStartTime(pid) !== undefined || groupHasMember(pid);
}

function groupHasMember(group: number): boolean {
  try {
    const text = execFileSync('ps', ['-eo', 'pgid=,stat='], { encoding: 'utf8' });
    return text.split('\n').some((line) => {
      const [pgid, stat] = line.trim().split(/\s+/);
      return pgid === String(group) && stat !== undefined && !stat.startsWith('Z');
    });
  } catch {
    return false;
  }
}
