import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { walk } from './rules/files.mjs';

/** Syntax of every shell script of the services; nothing is run. */
export function checkShell(root) {
  return walk(join(root, 'stack/services'))
    .filter((path) => path.endsWith('.sh'))
    .flatMap((path) => {
      const { status, stderr } = spawnSync('sh', ['-n', path], { encoding: 'utf8' });
      return status === 0
        ? []
        : [{ rule: 'shell', file: relative(root, path), message: stderr.trim().split('\n')[0] }];
    });
}
