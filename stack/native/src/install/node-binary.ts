import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The Node 22 that npm brings; the caller's own Node when this platform has no such package. */
export function nodeBinary(rootDir: string): string {
  const own = join(rootDir, 'node_modules', '.bin', 'node');
  return existsSync(own) ? own : process.execPath;
}
