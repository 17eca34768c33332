import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lockOwner } from '../state/lock';
import { writeFileAtomic } from '../state/state-file';

const statusSchema = z.object({
  /** The supervisor. */
  pid: z.number().int(),
  startedAt: z.string(),
  basePort: z.number().int(),
  services: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      version: z.string(),
      state: z.enum([
        'waiting',
        'installing',
        'starting',
        'running',
        'unhealthy',
        'restarting',
        'failed',
        'stopping',
        'stopped',
      ]),
      detail: z.string(),
      since: z.string().optional(),
      restarts: z.number().int(),
      processes: z.array(z.object({ name: z.string(), pid: z.number().int().optional(), state: z.string() })),
      lacks: z.array(z.string()),
      background: z.boolean(),
    }),
  ),
});

export type StackStatus = z.infer<typeof statusSchema>;

/** Written by the supervisor at every change, read by `bizstack status` and `down`. */
export function writeStatus(runDir: string, status: StackStatus): void {
  writeFileAtomic(statusFile(runDir), JSON.stringify(status), 0o600);
}

/** The status of the stack that runs from this folder; undefined when none does. */
export function readStatus(runDir: string): StackStatus | undefined {
  const owner = lockOwner(join(runDir, 'lock'));
  if (!owner) return undefined;
  try {
    const status = statusSchema.parse(JSON.parse(readFileSync(statusFile(runDir), 'utf8')));
    return status.pid === owner.pid ? status : undefined;
  } catch {
    return undefined;
  }
}

export function removeStatus(runDir: string): void {
  rmSync(statusFile(runDir), { force: true });
}

function statusFile(runDir: string): string {
  return join(runDir, 'status.json');
}
