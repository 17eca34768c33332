import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BizPluginError } from './error';
import { z } from 'zod';

const record = z.record(z.string(), z.string());

const manifestSchema = z.looseObject({
  name: z.string().regex(/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/, 'not a package name'),
  version: z.string().regex(/^\d+\.\d+\.\d+/, 'not a version'),
  displayName: z.string().optional(),
  description: z.string().optional(),
  license: z.string().optional(),
  main: z.string().optional(),
  files: z.array(z.string()).optional(),
  nocobase: z.looseObject({ supportedVersions: z.array(z.string()).optional() }).optional(),
  dependencies: record.optional(),
  peerDependencies: record.optional(),
});

export type PluginManifest = z.infer<typeof manifestSchema>;

/** @throws BizPluginError `BIZ_PLUGIN_MANIFEST` when package.json is missing or wrong. */
export function readManifest(dir: string): PluginManifest {
  const file = join(dir, 'package.json');
  if (!existsSync(file)) throw new BizPluginError('BIZ_PLUGIN_MANIFEST', `${file} does not exist.`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new BizPluginError('BIZ_PLUGIN_MANIFEST', `${file} is not JSON.`, cause);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new BizPluginError(
      'BIZ_PLUGIN_MANIFEST',
      `${file}: ${z.prettifyError(parsed.error)}`,
      parsed.error,
    );
  }
  return parsed.data;
}
