// npm run pack: writes every publishable workspace package as artifacts/<name>-<version>.tgz.
// --only <name> packs one package: its name, its name without scope, or its folder.
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readManifest, workspaceFolders } from './lib/workspaces.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const ARTIFACTS = join(ROOT, 'artifacts');
const MAX_OUTPUT = 64 * 1024 * 1024;
/** Folders below pieces/ that are plain libraries. */
const LIBRARIES = new Set(['pieces/common', 'pieces/testkit']);

function publishable(only) {
  const packages = workspaceFolders()
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({
      folder,
      name: manifest.name,
      version: manifest.version,
      kind: kindOf(folder, manifest),
    }));
  if (only === undefined) return packages;
  const wanted = only.replace(/\/$/, '');
  const found = packages.filter(
    ({ folder, name }) =>
      name === wanted ||
      name.replace(/^@[^/]+\//, '') === wanted ||
      folder === relative(ROOT, resolve(wanted)),
  );
  if (found.length === 0) {
    throw new Error(
      `No publishable package is called "${only}". There are: ${packages.map(({ name }) => name).join(', ')}.`,
    );
  }
  return found;
}

function kindOf(folder, manifest) {
  if (manifest.nocobase !== undefined) return 'plugin';
  return folder.startsWith('pieces/') && !LIBRARIES.has(folder) ? 'piece' : 'library';
}

const node = (script, args, cwd = ROOT) =>
  run(process.execPath, [script, ...args], { cwd, maxBuffer: MAX_OUTPUT });

async function compile(folders) {
  const references = folders.filter((folder) => existsSync(join(ROOT, folder, 'tsconfig.json')));
  if (references.length > 0) await node(require.resolve('typescript/bin/tsc'), ['-b', ...references]);
}

/** Packs into `out`; returns the file and what else the table shows. */
async function pack({ kind, folder, name }, out) {
  const directory = join(ROOT, folder);
  if (kind === 'piece') {
    const { bundlePiece, lintPiece } = require('@bizstack/piece-testkit');
    const { tarball } = await bundlePiece({ pieceDir: directory, outDir: out });
    const { heapMb, findings } = await lintPiece(tarball);
    return { file: tarball, heapMb, problems: findings.map(({ rule, message }) => `${rule}: ${message}`) };
  }
  if (kind === 'plugin') await buildPlugin(directory);
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', out], {
    cwd: directory,
    maxBuffer: MAX_OUTPUT,
  });
  const listed = JSON.parse(stdout);
  // npm 11 lists by position, npm 12 by package name.
  const [entry] = Array.isArray(listed) ? listed : Object.values(listed);
  if (entry === undefined) throw new Error(`npm pack wrote nothing for ${name}.`);
  return { file: join(out, entry.filename), problems: [] };
}

async function buildPlugin(directory) {
  const folder = 'nocobase-plugins/build';
  const manifest = readManifest(folder);
  const bin = join(ROOT, folder, manifest.bin['bizstack-plugin']);
  await node(bin, ['build', directory]);
}

/** A failed command says more on its standard error than in its message. */
function reasonOf(error) {
  const output = [error.stderr, error.stdout].filter(
    (text) => typeof text === 'string' && text.trim() !== '',
  );
  return (output[0] ?? error.message ?? String(error)).trim().split('\n').slice(0, 15).join('\n');
}

function printTable(rows) {
  const header = ['name', 'version', 'size', 'heap'];
  const cells = rows.map(({ name, version, size, heapMb }) => [
    name,
    version,
    size === undefined ? 'failed' : `${(size / 1024).toFixed(0)} KB`,
    heapMb === undefined ? '' : `${heapMb.toFixed(1)} MB`,
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column].length)),
  );
  for (const row of [header, ...cells])
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}

function parseOnly(args) {
  if (args.length === 0) return undefined;
  if (args.length === 2 && args[0] === '--only') return args[1];
  throw new Error('Usage: npm run pack [-- --only <name>]');
}

async function main() {
  const packages = publishable(parseOnly(process.argv.slice(2)));
  // What others are bundled from; a package that does not compile is named in its own row.
  await compile(['.']).catch(() => undefined);
  // The tools first: they pack the others.
  await compile(
    ['pieces/testkit', 'nocobase-plugins/build'].filter((folder) => existsSync(join(ROOT, folder))),
  );
  mkdirSync(ARTIFACTS, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'bizstack-pack-'));
  const rows = [];
  try {
    for (const entry of packages) {
      const row = { name: entry.name, version: entry.version, problems: [] };
      rows.push(row);
      try {
        if (entry.kind !== 'plugin') await compile([entry.folder]);
        const { file, heapMb, problems } = await pack(entry, mkdtempSync(join(scratch, 'out-')));
        const target = join(ARTIFACTS, file.slice(dirname(file).length + 1));
        copyOver(file, target);
        Object.assign(row, { size: statSync(target).size, heapMb, problems });
      } catch (error) {
        row.problems.push(reasonOf(error));
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  printTable(rows);
  for (const { name, problems } of rows) for (const problem of problems) console.error(`${name}: ${problem}`);
  if (rows.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}

/** A reader of artifacts/ sees the old tarball or the new one, never a half. */
function copyOver(file, target) {
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    renameSync(file, temporary);
  } catch (error) {
    if (error.code !== 'EXDEV') throw error;
    copyFileSync(file, temporary);
  }
  renameSync(temporary, target);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
