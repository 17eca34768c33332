import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const FARM_MARKER = '.bizstack-source';
/** NocoBase writes the start page into this package, so every instance has a copy. */
const COPIED_PACKAGE = join('@nocobase', 'app');

/**
 * Gives an instance its own `node_modules`: links to the packages of the shared install, which stays read-only.
 * NocoBase runs with `--preserve-symlinks`, so packages and plugins find each other through the instance's folder.
 */
export function linkNodeModules(installed: string, instance: string): void {
  const target = join(instance, 'node_modules');
  const marker = join(target, FARM_MARKER);
  if (existsSync(marker) && readFileSync(marker, 'utf8') === installed) return;
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const source = join(installed, 'node_modules');
  for (const name of packageNames(source)) {
    const from = join(source, name);
    const to = join(fresh, name);
    if (name.includes('/')) mkdirSync(join(to, '..'), { recursive: true });
    if (name === COPIED_PACKAGE) cpSync(from, to, { recursive: true });
    else symlinkSync(from, to, 'dir');
  }
  writeFileSync(join(fresh, FARM_MARKER), installed);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}

function packageNames(nodeModules: string): string[] {
  return readdirSync(nodeModules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(nodeModules, name)).map((inner) => `${name}/${inner}`) : [name],
    );
}
