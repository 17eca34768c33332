import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { isPlainObject, parseJson } from '../../values';
import type { Rule } from '../context';
import { moduleSyntax } from '../module-syntax';

const MAX_TARBALL_MB = 5;
const MAX_HEAP_MB = 25;
const MB = 1024 * 1024;
/** Versions below make the framework put its own, so nothing older can be asked for. */
const SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

export const entryPath: Rule = {
  id: 'entry-path',
  title: 'The package contains src/index.js, which the engine requires whatever main says.',
  check: ({ source, files }) =>
    source === undefined
      ? [`There is no src/index.js; the package has ${files.slice(0, 5).join(', ') || 'no files'}.`]
      : [],
};

export const pieceExport: Rule = {
  id: 'piece-export',
  title: "One export of src/index.js has constructor.name 'Piece' (esbuild: keepNames).",
  check: ({ source, pieces, loadError }) => {
    if (source === undefined) return [];
    if (loadError !== undefined) return [`src/index.js cannot be required: ${loadError}`];
    return pieces.length === 1 ? [] : [`${pieces.length} exports have constructor.name 'Piece'.`];
  },
};

export const plainVersion: Rule = {
  id: 'plain-version',
  title: 'The version is x.y.z without a suffix.',
  check: ({ manifest }) =>
    typeof manifest.version === 'string' && /^\d+\.\d+\.\d+$/.test(manifest.version)
      ? []
      : [`The version is ${JSON.stringify(manifest.version) ?? 'missing'}.`],
};

export const commonJs: Rule = {
  id: 'commonjs',
  title: 'src/index.js is CommonJS.',
  check: ({ manifest, source }) => [
    ...(manifest.type === 'module' ? ['package.json has "type": "module".'] : []),
    ...(source !== undefined && moduleSyntax(source) === 'esm'
      ? ['src/index.js uses import or export.']
      : []),
  ],
};

export const noInstallScripts: Rule = {
  id: 'no-install-scripts',
  title: 'Neither the package nor a dependency has an install script: the worker ignores them.',
  check: ({ manifest, directory }) => {
    const own = scriptsOf(manifest).map((name) => `package.json has the script ${name}.`);
    const theirs = Object.keys(isPlainObject(manifest.dependencies) ? manifest.dependencies : {}).flatMap(
      (name) => {
        const file = join(directory, 'node_modules', name, 'package.json');
        const parsed = existsSync(file) ? parseJson(readFileSync(file, 'utf8')) : undefined;
        const native = existsSync(join(directory, 'node_modules', name, 'binding.gyp'));
        const scripts = isPlainObject(parsed)
          ? scriptsOf(parsed).filter((script) => script !== 'prepare')
          : [];
        return scripts.length > 0 || native
          ? [`The dependency ${name} is built at installation (${scripts.join(', ') || 'binding.gyp'}).`]
          : [];
      },
    );
    return [...own, ...theirs];
  },
};

function scriptsOf(manifest: Readonly<Record<string, unknown>>): string[] {
  const { scripts } = manifest;
  return isPlainObject(scripts) ? SCRIPTS.filter((name) => name in scripts) : [];
}

export const supportedRelease: Rule = {
  id: 'supported-release',
  title: 'minimumSupportedRelease is not above the server, which would hide the piece.',
  check: ({ pieces, serverVersion }) =>
    pieces.flatMap((piece) =>
      isAbove(piece.minimumSupportedRelease, serverVersion)
        ? [`minimumSupportedRelease is ${piece.minimumSupportedRelease}; the server is ${serverVersion}.`]
        : [],
    ),
};

function isAbove(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

const BUILTINS = new Set(builtinModules);

/** Dependencies that name one version. */
function exactDependencies(value: unknown): Record<string, unknown> {
  if (!isPlainObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, version]) => typeof version === 'string' && /^\d+\.\d+\.\d+$/.test(version),
    ),
  );
}

export const singleFile: Rule = {
  id: 'single-file',
  title:
    'All code is in src/index.js and named threads, and it requires modules of Node.js or exact dependencies only.',
  check: ({ files, source, manifest }) => {
    const threads = Array.isArray(manifest.threads) ? manifest.threads : [];
    const others = files.filter(
      (name) =>
        /\.(c|m)?js$|\.node$|\.wasm$/.test(name) &&
        name !== 'src/index.js' &&
        !threads.some((thread) => name === `src/${String(thread)}`) &&
        !name.startsWith('node_modules/'),
    );
    // After a quote it is text: generators of code write it.
    const required = [...(source ?? '').matchAll(/(?<!["'`])\brequire\(["']([^"']+)["']\)/g)].map(
      (match) => match[1] ?? '',
    );
    const packages = Object.keys(exactDependencies(manifest.dependencies));
    const foreign = [...new Set(required)].filter(
      (name) =>
        !BUILTINS.has(name.replace(/^node:/, '')) &&
        !packages.some((known) => name === known || name.startsWith(`${known}/`)),
    );
    return [
      ...others.map((name) => `There is code in ${name}.`),
      ...foreign.map((name) => `src/index.js requires ${name}.`),
    ];
  },
};

export const noDependencies: Rule = {
  id: 'no-dependencies',
  title: 'dependencies has exact versions for threads only: everything else is bundled.',
  check: ({ manifest }) => [
    ...(isPlainObject(manifest.dependencies) ? [] : ['package.json has no "dependencies": {}.']),
    ...(['dependencies', 'optionalDependencies', 'peerDependencies'] as const).flatMap((field) => {
      const value = manifest[field];
      const threads = Array.isArray(manifest.threads) ? manifest.threads : [];
      const allowed = field === 'dependencies' && threads.length > 0 ? exactDependencies(value) : {};
      const names = isPlainObject(value) ? Object.keys(value).filter((name) => !(name in allowed)) : [];
      return names.length === 0 ? [] : [`${field} names ${names.join(', ')}.`];
    }),
  ],
};

export const tarballSize: Rule = {
  id: 'tarball-size',
  title: `The tarball has at most ${MAX_TARBALL_MB} MB.`,
  check: ({ size }) => (size > MAX_TARBALL_MB * MB ? [`It has ${(size / MB).toFixed(1)} MB.`] : []),
};

export const heapSize: Rule = {
  id: 'heap-size',
  title: `Loading it takes at most ${MAX_HEAP_MB} MB of heap.`,
  check: ({ heapMb }) =>
    heapMb !== undefined && heapMb > MAX_HEAP_MB ? [`It takes ${heapMb.toFixed(1)} MB.`] : [],
};
