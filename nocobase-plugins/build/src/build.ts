import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BizPluginError } from './error';
import { buildClientLane, writeEntryFiles } from './client-lane';
import { writeExternalVersions } from './external-version';
import { readManifest } from './manifest';
import { buildServerLane } from './server-lane';
import { CLIENT_LANES, serverSources } from './sources';
import { buildVendorLane } from './vendor-lane';

export interface BuildOptions {
  /** Records this exact NocoBase version, so that only its minor enables the plugin. Not recorded by default. */
  readonly pinNocobase?: string;
}

export interface BuildResult {
  readonly name: string;
  readonly version: string;
  /** Third-party packages in `dist/node_modules`. */
  readonly bundled: readonly string[];
  readonly milliseconds: number;
}

/**
 * Builds a plugin folder into its `dist`.
 * @throws BizPluginError `BIZ_PLUGIN_MANIFEST`, `BIZ_PLUGIN_NO_SERVER`, `BIZ_PLUGIN_DEPENDENCY_MISSING`,
 * `BIZ_PLUGIN_CLIENT_BUILD`.
 */
export async function buildPlugin(folder: string, options: BuildOptions = {}): Promise<BuildResult> {
  const begin = Date.now();
  const dir = resolve(folder);
  const { name, version } = readManifest(dir);
  if (!serverSources(dir).some((file) => /\/src\/server\/index\.(ts|js)$/.test(file))) {
    throw new BizPluginError(
      'BIZ_PLUGIN_NO_SERVER',
      `${dir} has no src/server/index.ts, where NocoBase loads a plugin from.`,
    );
  }
  rmSync(join(dir, 'dist'), { recursive: true, force: true });
  await buildServerLane(dir);
  const bundled = await buildVendorLane(dir);
  for (const lane of CLIENT_LANES) await buildClientLane(dir, name, lane);
  writeExternalVersions(dir, options.pinNocobase);
  writeEntryFiles(dir);
  return { name, version, bundled, milliseconds: Date.now() - begin };
}
