import { execFileSync } from 'node:child_process';

/** Resident memory in MB of each process with all its descendants. */
export function memoryOf(pids: readonly number[]): Map<number, number> {
  const result = new Map<number, number>();
  let table: string;
  try {
    table = execFileSync('ps', ['-eo', 'pid=,ppid=,rss='], { encoding: 'utf8' });
  } catch {
    return result;
  }
  const rss = new Map<number, number>();
  const children = new Map<number, number[]>();
  for (const line of table.split('\n')) {
    const [pid, parent, kilobytes] = line.trim().split(/\s+/).map(Number);
    if (pid === undefined || parent === undefined || kilobytes === undefined) continue;
    rss.set(pid, kilobytes);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const sum = (pid: number): number =>
    (rss.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  for (const pid of pids) result.set(pid, Math.round(sum(pid) / 1024));
  return result;
}
