import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { bundlePiece } from '../bundle/bundle';
import { packFolder } from '../bundle/tarball';
import { BizError, describeError } from '../errors';
import { findPieces, PIECE_ENTRY, unpackPiece } from '../piece/load';
import { isPlainObject, parseJson } from '../values';
import type { Finding, LintContext, PackageManifest } from './context';
import { RULES } from './rules';

const MEASURE = join(__dirname, '..', '..', 'runtime', 'measure-piece.cjs');
const requireHere = createRequire(__filename);
const run = promisify(execFile);

export interface LintOptions {
  /** Release of the oldest server that must see the piece; 0.83.0 by default. */
  serverVersion?: string;
  /** Ids of rules that are not asked. */
  skip?: readonly string[];
}

export interface LintReport {
  name: string;
  version: string;
  /** Bytes of the tarball. */
  size: number;
  heapMb: number | undefined;
  findings: Finding[];
}

/**
 * Checks a tarball, the folder of a package, or the source folder of a piece (which is bundled first).
 * Rejects with `BIZ_LINT_TARGET` when there is nothing to check, `BIZ_BUNDLE_FAILED` when it cannot be bundled.
 */
export async function lintPiece(target: string, options: LintOptions = {}): Promise<LintReport> {
  const scratch = mkdtempSync(join(tmpdir(), 'bizstack-lint-'));
  try {
    const context = await createContext(resolve(target), scratch, options.serverVersion ?? '0.83.0');
    const findings: Finding[] = [];
    for (const rule of RULES) {
      if (options.skip?.includes(rule.id)) continue;
      for (const message of await rule.check(context)) findings.push({ rule: rule.id, message });
    }
    const { manifest, size, heapMb } = context;
    return { name: textOf(manifest.name), version: textOf(manifest.version), size, heapMb, findings };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}

async function createContext(target: string, scratch: string, serverVersion: string): Promise<LintContext> {
  const { directory, tarball } = await packageOf(target, scratch);
  const manifest = readManifest(directory);
  const entry = join(directory, PIECE_ENTRY);
  const source = existsSync(entry) ? readFileSync(entry, 'utf8') : undefined;
  const loaded = source === undefined ? NOT_THERE : await load(entry);
  return {
    directory,
    files: filesOf(directory),
    manifest,
    source,
    size: statSync(tarball).size,
    ...loaded,
    translations: readTranslations(directory),
    serverVersion,
  };
}

async function packageOf(target: string, scratch: string): Promise<{ directory: string; tarball: string }> {
  if (!existsSync(target)) throw new BizError('BIZ_LINT_TARGET', `There is no ${target}.`);
  if (statSync(target).isFile()) return { directory: await unpackPiece(target, scratch), tarball: target };
  if (!existsSync(join(target, 'package.json'))) {
    throw new BizError('BIZ_LINT_TARGET', `${target} has no package.json.`, {
      hint: 'Give a tarball or the folder of a package.',
    });
  }
  if (!existsSync(join(target, PIECE_ENTRY)) && existsSync(join(target, 'src', 'index.ts'))) {
    return bundlePiece({ pieceDir: target, outDir: scratch });
  }
  const tarball = join(scratch, 'package.tgz');
  await packFolder(target, tarball);
  return { directory: target, tarball };
}

type Loaded = Pick<LintContext, 'pieces' | 'loadError' | 'heapMb'>;

const NOT_THERE: Loaded = { pieces: [], loadError: undefined, heapMb: undefined };

/** Loads the entry in a process of its own first, as a server does, and measures it there. */
async function load(entry: string): Promise<Loaded> {
  try {
    const heapMb = await measureHeap(entry);
    return { pieces: findPieces(requireHere(entry)), loadError: undefined, heapMb };
  } catch (error) {
    return { ...NOT_THERE, loadError: reasonOf(error) };
  }
}

const measureSchema = z.object({ heapMb: z.number() });

async function measureHeap(entry: string): Promise<number> {
  const { stdout } = await run(process.execPath, ['--expose-gc', MEASURE, entry], { timeout: 60_000 });
  return measureSchema.parse(JSON.parse(stdout)).heapMb;
}

/** The line with the error: Node.js shows the source before it, and a bundle is one long line. */
function reasonOf(error: unknown): string {
  const lines = describeError(error).split('\n');
  const line = lines.find((text) => /^\w*Error\b/.test(text)) ?? lines[0] ?? '';
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function readManifest(directory: string): PackageManifest {
  const parsed = parseJson(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (!isPlainObject(parsed))
    throw new BizError('BIZ_LINT_TARGET', `${directory}: package.json is not JSON.`);
  return parsed;
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

const translationsSchema = z.record(z.string(), z.string());

function readTranslations(directory: string): Map<string, Record<string, string>> {
  const folder = join(directory, 'src', 'i18n');
  const translations = new Map<string, Record<string, string>>();
  if (!existsSync(folder)) return translations;
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.json')) continue;
    const parsed = translationsSchema.safeParse(parseJson(readFileSync(join(folder, name), 'utf8')));
    if (parsed.success) translations.set(name.replace(/\.json$/, ''), parsed.data);
  }
  return translations;
}
