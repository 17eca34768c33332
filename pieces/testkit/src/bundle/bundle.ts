import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { z } from 'zod';
import { BizError, describeError } from '../errors';
import { PIECE_ENTRY } from '../piece/load';
import { thirdPartyNotices } from './notices';
import { type BundleSettings, bundleSettingsSchema } from './settings';
import { slimShared, SHARED_PACKAGE, usedNames } from './shared-shim';
import { flatName, packFolder, tarballName } from './tarball';

const NOTICES = 'THIRD-PARTY-NOTICES.txt';

const manifestSchema = z.looseObject({
  name: z.string().min(1),
  version: z.string().min(1),
  bundle: bundleSettingsSchema.default({ threads: {}, external: {} }),
});

export interface BundleOptions {
  /** Folder with package.json and src/index.ts. */
  pieceDir: string;
  /** Gets a folder and a tarball of the piece. */
  outDir: string;
}

export interface BundledPiece {
  name: string;
  version: string;
  directory: string;
  tarball: string;
  /** Bytes of the tarball. */
  size: number;
}

/**
 * Bundles a piece into the one shape that every server loads: one minified CommonJS file, no dependencies.
 * Same input, same bytes. Rejects with `BIZ_BUNDLE_FAILED`.
 */
export async function bundlePiece(options: BundleOptions): Promise<BundledPiece> {
  const pieceDir = resolve(options.pieceDir);
  const manifest = readManifest(pieceDir);
  const entry = join(pieceDir, 'src', 'index.ts');
  if (!existsSync(entry)) throw bundleError(pieceDir, 'There is no src/index.ts.');
  const outDir = resolve(options.outDir);
  const directory = join(outDir, flatName(manifest.name));
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, 'src'), { recursive: true });
  let metafile: Metafile;
  try {
    metafile = await compile(pieceDir, entry, join(directory, PIECE_ENTRY), manifest.bundle);
    for (const [file, source] of Object.entries(manifest.bundle.threads)) {
      await compileThread(join(pieceDir, source), join(directory, 'src', file), manifest.bundle);
    }
  } catch (cause) {
    throw bundleError(pieceDir, describeError(cause), cause);
  }
  const translations = join(pieceDir, 'src', 'i18n');
  if (existsSync(translations)) cpSync(translations, join(directory, 'src', 'i18n'), { recursive: true });
  const notices = thirdPartyNotices(Object.keys(metafile.inputs), pieceDir);
  if (notices !== '') writeFileSync(join(directory, NOTICES), notices);
  const texts = [...copyTexts(pieceDir, directory), ...(notices === '' ? [] : [NOTICES])];
  writeFileSync(
    join(directory, 'package.json'),
    `${JSON.stringify(bundledManifest(manifest, texts), null, 2)}\n`,
  );
  const tarball = join(outDir, tarballName(manifest.name, manifest.version));
  await packFolder(directory, tarball);
  return { name: manifest.name, version: manifest.version, directory, tarball, size: statSync(tarball).size };
}

/** A thread of its own cannot share the bundle: it is a second file beside it. */
async function compileThread(entry: string, outfile: string, { external }: BundleSettings): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'silent',
    external: subpathsOf(external),
    plugins: [missingModules(), commonJsFirst()],
  });
}

/** A package and everything below it. */
function subpathsOf(external: BundleSettings['external']): string[] {
  return Object.keys(external).flatMap((name) => [name, `${name}/*`]);
}

async function compile(
  pieceDir: string,
  entry: string,
  outfile: string,
  { external }: BundleSettings,
): Promise<Metafile> {
  const used = new Set<string>();
  const settings = {
    entryPoints: [entry],
    absWorkingDir: pieceDir,
    bundle: true,
    platform: 'node' as const,
    target: 'node20',
    format: 'cjs' as const,
    metafile: true as const,
    logLevel: 'silent' as const,
    external: subpathsOf(external),
  } satisfies BuildOptions;
  await build({
    ...settings,
    write: false,
    plugins: [collectNames(used), missingModules(), commonJsFirst()],
  });
  const { metafile } = await build({
    ...settings,
    outfile,
    minify: true,
    // The engine knows a piece by the name of its class.
    keepNames: true,
    legalComments: 'none',
    plugins: [slimShared(pieceDir, used), missingModules(), commonJsFirst()],
  });
  return metafile;
}

/** First pass: which names of the shared package does any module read? The package itself is left out. */
function collectNames(used: Set<string>): Plugin {
  return {
    name: 'collect-names',
    setup(build) {
      build.onResolve({ filter: /^@activepieces\/shared$/ }, () => ({
        path: SHARED_PACKAGE,
        external: true,
      }));
      build.onLoad({ filter: /\.[cm]?[jt]s$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (text.includes(SHARED_PACKAGE)) for (const name of usedNames(text)) used.add(name);
        return undefined;
      });
    },
  };
}

/**
 * Libraries try optional packages and go on without them. One that is not installed becomes a module that fails as
 * the missing one would, so that nothing is left to resolve on the server.
 */
function missingModules(): Plugin {
  return {
    name: 'missing-modules',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, importer, resolveDir, kind }) => {
        if (kind !== 'require-call' || !importer.includes('node_modules')) return undefined;
        try {
          createRequire(join(resolveDir, 'noop.js')).resolve(path);
          return undefined;
        } catch {
          return { path, namespace: 'missing-module' };
        }
      });
      build.onLoad({ filter: /.*/, namespace: 'missing-module' }, ({ path }) => ({
        contents: `throw Object.assign(new Error(${JSON.stringify(`Cannot find module '${path}'`)}), { code: 'MODULE_NOT_FOUND' });`,
        loader: 'js',
      }));
    },
  };
}

/**
 * A package that has both gives its CommonJS: sources and compiled packages then share one copy of it, and a module
 * that is imported later stays one function that the engine does not look into before it is called.
 */
function commonJsFirst(): Plugin {
  const asked = Symbol('asked');
  return {
    name: 'commonjs-first',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === asked || (kind !== 'import-statement' && kind !== 'dynamic-import'))
          return undefined;
        const found = await build.resolve(path, {
          kind: 'require-call',
          importer,
          resolveDir,
          pluginData: asked,
        });
        return found.errors.length > 0 || found.external
          ? undefined
          : { path: found.path, sideEffects: found.sideEffects };
      });
    },
  };
}

function readManifest(pieceDir: string): z.infer<typeof manifestSchema> {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(join(pieceDir, 'package.json'), 'utf8')));
  } catch (cause) {
    throw bundleError(pieceDir, 'package.json has no name and version.', cause);
  }
}

/** Fields that say what a package is; scripts and dependencies stay behind. */
const KEPT_FIELDS = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'author',
  'homepage',
  'repository',
  'bugs',
  'engines',
];

function bundledManifest(
  manifest: z.infer<typeof manifestSchema>,
  texts: readonly string[],
): Record<string, unknown> {
  const { threads, external } = manifest.bundle;
  const kept = KEPT_FIELDS.map((name): [string, unknown] => [name, manifest[name]]).filter(
    ([, value]) => value !== undefined,
  );
  return {
    ...Object.fromEntries<unknown>(kept),
    main: './src/index.js',
    files: [
      'src/index.js',
      ...Object.keys(threads).map((file) => `src/${file}`),
      'src/i18n',
      'package.json',
      ...texts,
    ],
    ...(Object.keys(threads).length > 0 ? { threads: Object.keys(threads) } : {}),
    // What has wasm, models or binaries stays an npm package.
    dependencies: external,
  };
}

function copyTexts(pieceDir: string, directory: string): string[] {
  const copied: string[] = [];
  const readme = join(pieceDir, 'README.md');
  if (existsSync(readme)) {
    copyFileSync(readme, join(directory, 'README.md'));
    copied.push('README.md');
  }
  for (let folder = pieceDir; folder !== dirname(folder); folder = dirname(folder)) {
    const license = join(folder, 'LICENSE');
    if (!existsSync(license)) continue;
    copyFileSync(license, join(directory, 'LICENSE'));
    copied.push('LICENSE');
    break;
  }
  return copied;
}

function bundleError(pieceDir: string, message: string, cause?: unknown): BizError {
  return new BizError('BIZ_BUNDLE_FAILED', `${pieceDir}: ${message}`, {
    hint: 'Build the packages that it uses (`tsc -b`) and try again.',
    cause,
  });
}
