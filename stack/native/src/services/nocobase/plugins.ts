import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';

const packageSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  files: z.array(z.string()).default([]),
  nocobase: z.unknown().optional(),
});

const recordSchema = z.record(z.string(), z.strictObject({ files: z.string(), schema: z.string() }));

export type PluginRecord = z.infer<typeof recordSchema>;

export interface Plugin {
  readonly name: string;
  readonly version: string;
  readonly dir: string;
  readonly files: readonly string[];
}

/** The NocoBase plugins of the repository: folders of `nocobase-plugins` whose package.json has `nocobase`. */
export function findPlugins(rootDir: string): Plugin[] {
  const folder = join(rootDir, 'nocobase-plugins');
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .flatMap((dir) => {
      const manifest = packageSchema.parse(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')));
      if (manifest.nocobase === undefined) return [];
      return [
        { name: manifest.name, version: manifest.version, dir, files: ['package.json', ...manifest.files] },
      ];
    });
}

/** True when `dist` is missing or a source is newer than it. */
export function isStale(plugin: Plugin): boolean {
  const built = statSync(join(plugin.dir, 'dist', 'server', 'index.js'), { throwIfNoEntry: false });
  if (built === undefined) return true;
  return filesOf(join(plugin.dir, 'src')).some((file) => statSync(file).mtimeMs > built.mtimeMs);
}

/** Hashes what is installed of a plugin; `schema` covers what only `nocobase upgrade` applies. */
export function fingerprint(plugin: Plugin): PluginRecord[string] {
  const all = plugin.files.flatMap((name) => filesOf(join(plugin.dir, name))).sort();
  const schema = all.filter((file) =>
    /^dist\/server\/(collections|migrations)\//.test(relative(plugin.dir, file)),
  );
  return { files: hashFiles(plugin.dir, all), schema: `${plugin.version}-${hashFiles(plugin.dir, schema)}` };
}

/** Replaces the plugin's folder under the instance's `storage/plugins` as a whole. */
export function placePlugin(plugin: Plugin, instance: string): void {
  if (!existsSync(join(plugin.dir, 'dist', 'server', 'index.js'))) {
    throw new BizError('BIZ_NOCOBASE_PLUGIN_NOT_BUILT', `The plugin ${plugin.name} is not built.`, {
      hint: 'Run "npm run build" in the root of the repository.',
    });
  }
  const target = join(instance, 'storage', 'plugins', plugin.name);
  const fresh = join(instance, 'storage', '.placing', plugin.name);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  for (const name of plugin.files) {
    const from = join(plugin.dir, name);
    if (existsSync(from)) cpSync(from, join(fresh, name), { recursive: true });
  }
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}

export function readRecord(file: string): PluginRecord {
  if (!existsSync(file)) return {};
  const parsed = recordSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
  return parsed.success ? parsed.data : {};
}

export function writeRecord(file: string, record: PluginRecord): void {
  writeFileSync(`${file}.tmp`, JSON.stringify(record, undefined, 2));
  renameSync(`${file}.tmp`, file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function filesOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function hashFiles(root: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files)
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}
