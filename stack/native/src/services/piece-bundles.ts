import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { DriverContext } from '../driver';
import { cacheEntry, fileHash, keyHash } from '../install/cache-entry';
import { nodeBinary } from '../install/node-binary';
import { runCommand } from '../install/run-command';

/** Folders whose sources end up in the bundle of a piece. */
const SOURCES = ['pieces', 'stack/contracts', 'stack/agents'];
const packageSchema = z.object({ name: z.string() });

export function testkitCli(rootDir: string): string {
  return join(rootDir, 'pieces', 'testkit', 'dist', 'cli.js');
}

/** Every piece bundled into one folder of the cache; bundled again only when a source changed. */
export async function bundlePieces(context: DriverContext): Promise<string> {
  const { rootDir, cacheDir, signal } = context;
  const pieces = pieceDirs(rootDir);
  return cacheEntry({
    cacheDir,
    key: bundlesKey(rootDir),
    neededMb: 100,
    signal,
    onWait: (pid) => context.log.info(`process ${pid} bundles the same pieces; waiting for it`),
    fill: async (dir) => {
      for (const [index, piece] of pieces.entries()) {
        context.progress('bundling pieces', index + 1, pieces.length);
        await runCommand(nodeBinary(rootDir), [testkitCli(rootDir), 'bundle', piece, '--out', dir], {
          cwd: rootDir,
          signal,
        });
      }
    },
  });
}

/** Folders of the pieces: `pieces/*` but for the library and the test kit. */
export function pieceDirs(rootDir: string): string[] {
  return readdirSync(join(rootDir, 'pieces'))
    .filter((name) => name !== 'common' && name !== 'testkit')
    .map((name) => join(rootDir, 'pieces', name))
    .filter((dir) => existsSync(join(dir, 'src', 'index.ts')) && existsSync(join(dir, 'package.json')))
    .filter((dir) =>
      packageSchema
        .parse(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')))
        .name.startsWith('@bizstack/piece-'),
    )
    .sort();
}

function bundlesKey(rootDir: string): string {
  const hashes: string[] = [];
  for (const source of SOURCES) collect(join(rootDir, source), rootDir, hashes);
  return `pieces-${keyHash(fileHash(join(rootDir, 'package-lock.json')), ...hashes.sort())}`;
}

function collect(dir: string, rootDir: string, hashes: string[]): void {
  for (const name of readdirSync(dir)) {
    if (name === 'node_modules' || name === 'dist' || name === 'test') continue;
    const path = join(dir, name);
    if (statSync(path).isDirectory()) collect(path, rootDir, hashes);
    else if (/\.(ts|json|svg|png)$/.test(name)) hashes.push(`${relative(rootDir, path)} ${fileHash(path)}`);
  }
}
