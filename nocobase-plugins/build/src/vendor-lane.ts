import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { BizPluginError } from './error';
import { isProvided, packageOf } from './provided';
import { importedSpecifiers, isBuiltin, serverSources } from './sources';

const NOTICES = 'third-party-licenses.txt';

/**
 * Puts every third-party package that the server code imports into `dist/node_modules`, one file each, so that
 * the plugin needs no registry when it is installed.
 * @throws BizPluginError `BIZ_PLUGIN_DEPENDENCY_MISSING` when such a package is not installed.
 */
export async function buildVendorLane(dir: string): Promise<string[]> {
  const specifiers = importedSpecifiers(serverSources(dir)).filter(
    (name) => !isProvided(packageOf(name) ?? name),
  );
  const packages = [...new Set(specifiers.map((name) => packageOf(name) ?? name))];
  const licensed = new Map<string, string>();
  for (const name of packages) {
    const root = packageRoot(dir, name);
    const target = join(dir, 'dist', 'node_modules', name);
    mkdirSync(target, { recursive: true });
    for (const specifier of specifiers.filter((item) => packageOf(item) === name)) {
      const metafile = await bundle(dir, specifier, join(target, fileOf(specifier, name)), packages);
      for (const source of packageRoots(dir, metafile)) licensed.set(source, noticeOf(source));
    }
    const { version, license } = readPackage(root);
    const main = specifiers.includes(name) ? { main: 'index.js' } : {};
    writeFileSync(
      join(target, 'package.json'),
      `${JSON.stringify({ name, version, license, ...main }, undefined, 2)}\n`,
    );
  }
  if (licensed.size > 0) {
    writeFileSync(join(dir, 'dist', NOTICES), [...licensed.values()].sort().join('\n'));
  }
  return packages;
}

async function bundle(
  dir: string,
  specifier: string,
  outfile: string,
  packages: readonly string[],
): Promise<Metafile> {
  const own = packageOf(specifier);
  const result = await build({
    stdin: { contents: `module.exports = require(${JSON.stringify(specifier)});`, resolveDir: dir },
    outfile,
    format: 'cjs',
    platform: 'node',
    target: 'node18',
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
    plugins: [
      {
        name: 'shared-packages',
        setup(bundler) {
          // Packages that stand beside this one are shared, not bundled twice: classes and schemas stay the same.
          bundler.onResolve({ filter: /^[^./]/ }, ({ path }) => {
            const name = packageOf(path);
            const shared = name !== undefined && name !== own && packages.includes(name);
            return shared || isBuiltin(path) ? { path, external: true } : undefined;
          });
        },
      },
    ],
  });
  return result.metafile;
}

function fileOf(specifier: string, name: string): string {
  if (specifier === name) return 'index.js';
  const sub = specifier.slice(name.length + 1);
  return /\.c?js$/.test(sub) ? sub : `${sub}.js`;
}

/** Folder of an installed package, found upwards from the plugin as Node does. */
function packageRoot(dir: string, name: string): string {
  const paths = createRequire(join(dir, 'package.json')).resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, 'package.json')));
  if (found === undefined) {
    throw new BizPluginError(
      'BIZ_PLUGIN_DEPENDENCY_MISSING',
      `The server code imports ${name}, which is not installed. Add it to devDependencies and install it.`,
    );
  }
  return found;
}

function packageRoots(dir: string, metafile: Metafile): string[] {
  const roots = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    if (input === '<stdin>') continue;
    let folder = dirname(resolve(process.cwd(), input));
    while (folder !== dirname(folder) && !isPackage(folder)) folder = dirname(folder);
    if (folder !== dir && isPackage(folder)) roots.add(folder);
  }
  return [...roots];
}

function isPackage(folder: string): boolean {
  const file = join(folder, 'package.json');
  return existsSync(file) && readPackage(folder).name !== undefined;
}

function readPackage(folder: string): { name?: string; version?: string; license?: string } {
  const json: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = (key: string): string | undefined => {
    const value: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, key) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  return { name: text('name'), version: text('version'), license: text('license') };
}

function noticeOf(folder: string): string {
  const { name, version, license } = readPackage(folder);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version} (${license ?? 'see its text'})\n${'-'.repeat(72)}\n${text}\n`;
}
