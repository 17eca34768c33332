import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { serverAssets, serverSources } from './sources';

/**
 * Compiles file by file, because NocoBase finds collections, migrations and AI tools by their file names.
 */
export async function buildServerLane(dir: string): Promise<void> {
  const outdir = join(dir, 'dist');
  await build({
    entryPoints: serverSources(dir),
    outdir,
    outbase: join(dir, 'src'),
    format: 'cjs',
    platform: 'node',
    target: 'node18',
    bundle: false,
    logLevel: 'silent',
    tsconfigRaw: {},
  });
  for (const asset of serverAssets(dir)) {
    const target = join(outdir, asset.slice('src/'.length));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(dir, asset), target);
  }
}
