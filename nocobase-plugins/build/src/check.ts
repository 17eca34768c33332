import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fg from 'fast-glob';
import { maxSatisfying, satisfies, validRange } from 'semver';
import { z } from 'zod';
import type { PluginErrorCode } from './error';
import { type PluginManifest, readManifest } from './manifest';
import { PROVIDED, isProvided, packageOf } from './provided';
import { importedSpecifiers } from './sources';

export interface Problem {
  readonly code: PluginErrorCode;
  readonly message: string;
}

export interface CheckOptions {
  /** Version of the NocoBase that the plugin is going to be enabled in. */
  readonly nocobaseVersion?: string;
}

const DEFAULT_NOCOBASE = '2.2.15';

/** Reports everything that would keep NocoBase from loading or enabling a built plugin. Empty means ready. */
export function checkPlugin(folder: string, options: CheckOptions = {}): Problem[] {
  const dir = resolve(folder);
  const manifest = readManifest(dir);
  const nocobase = options.nocobaseVersion ?? DEFAULT_NOCOBASE;
  return [
    ...checkManifest(manifest, nocobase),
    ...checkFiles(dir, manifest),
    ...checkExternalVersions(dir, nocobase),
    ...checkImports(dir),
    ...checkClients(dir, manifest),
  ];
}

function checkManifest(manifest: PluginManifest, nocobase: string): Problem[] {
  const problems: Problem[] = [];
  const { dependencies = {}, peerDependencies = {}, files = [], nocobase: meta } = manifest;
  const own = Object.keys(dependencies);
  if (own.some((name) => name.startsWith('@nocobase/'))) {
    problems.push(
      problem(
        'BIZ_PLUGIN_DEPENDS_ON_NOCOBASE',
        'dependencies names @nocobase packages: a second copy would be installed. Move them to peerDependencies.',
      ),
    );
  }
  const others = own.filter((name) => !name.startsWith('@nocobase/'));
  if (others.length > 0) {
    problems.push(
      problem(
        'BIZ_PLUGIN_DEPENDENCIES',
        `dependencies names ${others.join(', ')}: NocoBase does not install a plugin's dependencies. Move them to devDependencies; the build bundles what the server code imports.`,
      ),
    );
  }
  for (const [name, range] of Object.entries(peerDependencies)) {
    if (!name.startsWith('@nocobase/')) continue;
    if (validRange(range) === null || !satisfies(nocobase, range)) {
      problems.push(
        problem(
          'BIZ_PLUGIN_PEER_RANGE',
          `peerDependencies: ${name} ${range} does not accept NocoBase ${nocobase}.`,
        ),
      );
    }
  }
  const supported = meta?.supportedVersions ?? [];
  if (
    supported.length === 0 ||
    !supported.some((range) => validRange(range) !== null && satisfies(nocobase, range))
  ) {
    problems.push(
      problem(
        'BIZ_PLUGIN_SUPPORTED_VERSIONS',
        `nocobase.supportedVersions (${supported.join(', ') || 'missing'}) does not accept NocoBase ${nocobase}.`,
      ),
    );
  }
  if (manifest.main === undefined || !/^(\.\/)?dist\/server\/index\.js$/.test(manifest.main)) {
    problems.push(problem('BIZ_PLUGIN_MAIN', 'main must be dist/server/index.js.'));
  }
  if (!files.includes('dist'))
    problems.push(
      problem('BIZ_PLUGIN_FILES', 'files must contain "dist", or the package is published without code.'),
    );
  if (files.some((name) => name === 'src' || name.startsWith('src/'))) {
    problems.push(
      problem(
        'BIZ_PLUGIN_SOURCE_PACKED',
        'files contains "src": NocoBase then checks versions against the sources instead of dist/externalVersion.js.',
      ),
    );
  }
  return problems;
}

function checkFiles(dir: string, manifest: PluginManifest): Problem[] {
  const problems: Problem[] = [];
  const need = (file: string, code: PluginErrorCode, why: string): void => {
    if (!existsSync(join(dir, file))) problems.push(problem(code, `${file} is missing: ${why}`));
  };
  need(
    'dist/server/index.js',
    'BIZ_PLUGIN_SERVER_MISSING',
    'NocoBase has nothing to load. Build the plugin.',
  );
  need(
    'dist/client/index.js',
    'BIZ_PLUGIN_CLIENT_MISSING',
    'the whole /admin user interface fails to load without it.',
  );
  need(
    'dist/externalVersion.js',
    'BIZ_PLUGIN_EXTERNAL_VERSION_MISSING',
    'enabling ends with "Plugin dependencies check failed".',
  );
  for (const lane of ['server', 'client', 'client-v2']) {
    if (!existsSync(join(dir, 'dist', lane, 'index.js'))) continue;
    need(
      `${lane}.js`,
      'BIZ_PLUGIN_ENTRY_MISSING',
      `it must contain module.exports = require('./dist/${lane}/index.js').`,
    );
    if (!(manifest.files ?? []).includes(`${lane}.js`)) {
      problems.push(problem('BIZ_PLUGIN_FILES', `files must contain "${lane}.js".`));
    }
  }
  return problems;
}

const versionsSchema = z.record(z.string(), z.string());
const EXTERNAL_VERSION = /^module\.exports\s*=\s*([\s\S]+?);?\s*$/;

function checkExternalVersions(dir: string, nocobase: string): Problem[] {
  const file = join(dir, 'dist', 'externalVersion.js');
  if (!existsSync(file)) return [];
  const body = EXTERNAL_VERSION.exec(readFileSync(file, 'utf8'))?.[1];
  const versions = versionsSchema.safeParse(parseJson(body));
  if (!versions.success) {
    return [
      problem(
        'BIZ_PLUGIN_EXTERNAL_VERSION',
        'dist/externalVersion.js must be module.exports = { "package": "version" };',
      ),
    ];
  }
  const minor = `${nocobase.split('.').slice(0, 2).join('.')}.x`;
  return Object.entries(versions.data).flatMap(([name, version]) => {
    const range = name.startsWith('@nocobase/') ? minor : PROVIDED[name]?.range;
    if (range === undefined || maxSatisfying([version], range) !== null) return [];
    return [
      problem(
        'BIZ_PLUGIN_EXTERNAL_RANGE',
        `dist/externalVersion.js says ${name} ${version}; NocoBase ${nocobase} accepts ${range} only.`,
      ),
    ];
  });
}

function checkImports(dir: string): Problem[] {
  const files = fg.sync('dist/**/*.js', {
    cwd: dir,
    absolute: true,
    ignore: ['dist/node_modules/**', 'dist/client/**', 'dist/client-v2/**'],
  });
  return importedSpecifiers(files).flatMap((specifier) => {
    const name = packageOf(specifier);
    if (name === undefined || isProvided(name) || existsSync(join(dir, 'dist', 'node_modules', name)))
      return [];
    return [
      problem(
        'BIZ_PLUGIN_IMPORT_UNRESOLVED',
        `The server code requires ${specifier}, which is neither in dist/node_modules nor part of NocoBase.`,
      ),
    ];
  });
}

function checkClients(dir: string, { name }: PluginManifest): Problem[] {
  const lanes = { client: name, 'client-v2': `${name}/client-v2` };
  return Object.entries(lanes).flatMap(([lane, library]) => {
    const file = join(dir, 'dist', lane, 'index.js');
    if (!existsSync(file) || readFileSync(file, 'utf8').includes(JSON.stringify(library))) return [];
    return [
      problem(
        'BIZ_PLUGIN_CLIENT_NAME',
        `dist/${lane}/index.js does not define the module "${library}", which NocoBase asks for.`,
      ),
    ];
  });
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problem(code: PluginErrorCode, message: string): Problem {
  return { code, message };
}
