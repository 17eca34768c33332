import { createHash } from 'node:crypto';
import {
  type Dirent,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Piece, PieceAuthProperty } from '@activepieces/pieces-framework';
import { extract } from 'tar';
import { z } from 'zod';
import { BizError, describeError } from '../errors';

/** A piece of any auth. The class itself is not used: a bundled piece has its own copy of it. */
export type AnyPiece = Omit<Pick<Piece, keyof Piece>, 'auth'> & {
  readonly auth?: PieceAuthProperty | PieceAuthProperty[] | undefined;
};

/** A piece package that was found and required. */
export interface LoadedPiece {
  name: string;
  version: string;
  /** Folder that holds package.json and src/index.js. */
  directory: string;
  piece: AnyPiece;
}

const packageSchema = z.looseObject({ name: z.string().min(1), version: z.string().min(1) });
const requireHere = createRequire(__filename);

/** Path inside a package that the engine requires, whatever `main` says. */
export const PIECE_ENTRY = join('src', 'index.js');

/**
 * Loads every bundled piece in a folder: the folder itself, its subfolders (also below `@scope`) and its `.tgz`
 * files. A path to one `.tgz` file works as well.
 * @throws BizError `BIZ_PIECE_NOT_FOUND`, `BIZ_PIECE_LOAD`, `BIZ_PIECE_DUPLICATE`.
 */
export async function loadPieces(
  paths: readonly string[],
  cacheDir: string,
): Promise<Map<string, LoadedPiece>> {
  const loaded = new Map<string, LoadedPiece>();
  for (const path of paths) {
    for (const directory of await findFolders(resolve(path), cacheDir)) {
      const piece = loadPiece(directory);
      const other = loaded.get(piece.name);
      // A folder and the tarball made from it are one piece.
      if (other !== undefined && other.version !== piece.version) {
        throw new BizError(
          'BIZ_PIECE_DUPLICATE',
          `${piece.name} is there twice: ${other.version} in ${other.directory}, ${piece.version} in ${directory}.`,
          { hint: 'Keep one of the two.' },
        );
      }
      if (other === undefined) loaded.set(piece.name, piece);
    }
  }
  return loaded;
}

async function findFolders(path: string, cacheDir: string): Promise<string[]> {
  if (!existsSync(path)) {
    throw new BizError('BIZ_PIECE_NOT_FOUND', `There is no ${path}.`, {
      hint: 'Give a folder with bundled pieces, or a .tgz file.',
    });
  }
  if (statSync(path).isFile()) return [await unpackPiece(path, cacheDir)];
  if (isPieceFolder(path)) return [path];
  const found: string[] = [];
  for (const entry of readdirSync(path, { withFileTypes: true }).sort(byFolderThenName)) {
    const child = join(path, entry.name);
    if (entry.name.endsWith('.tgz')) {
      // Folders of packages hold other tarballs as well; only pieces are of interest here.
      const directory = await unpackPiece(child, cacheDir);
      if (isPieceFolder(directory)) found.push(directory);
    } else if (entry.name.startsWith('@') && statSync(child).isDirectory()) {
      found.push(...(await findFolders(child, cacheDir)));
    } else if (statSync(child).isDirectory() && isPieceFolder(child)) {
      found.push(child);
    }
  }
  return found;
}

function byFolderThenName(a: Dirent, b: Dirent): number {
  return Number(b.isDirectory()) - Number(a.isDirectory()) || a.name.localeCompare(b.name);
}

function isPieceFolder(path: string): boolean {
  return existsSync(join(path, 'package.json')) && existsSync(join(path, PIECE_ENTRY));
}

/**
 * Unpacks a tarball below `cacheDir`, in a folder named by its content; a second call finds it there.
 * @throws BizError `BIZ_PIECE_TARBALL` when it is not a package tarball.
 */
export async function unpackPiece(file: string, cacheDir: string): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 24);
  const target = join(resolve(cacheDir), digest);
  if (existsSync(target)) return target;
  mkdirSync(cacheDir, { recursive: true });
  const scratch = mkdtempSync(join(resolve(cacheDir), 'unpack-'));
  try {
    await extract({ file, cwd: scratch, strip: 1, strict: true });
    if (!existsSync(join(scratch, 'package.json'))) {
      throw new BizError('BIZ_PIECE_TARBALL', `${file} has no package.json.`);
    }
    renameSync(scratch, target);
  } catch (cause) {
    rmSync(scratch, { recursive: true, force: true });
    // Somebody else unpacked the same content meanwhile.
    if (existsSync(target)) return target;
    throw new BizError('BIZ_PIECE_TARBALL', `${file} cannot be unpacked: ${describeError(cause)}`, {
      hint: 'Write it with `bizstack-piece bundle` or `npm pack`.',
      cause,
    });
  }
  return target;
}

/**
 * Requires `src/index.js` of a package folder and finds its piece.
 * @throws BizError `BIZ_PIECE_LOAD` with the reason.
 */
export function loadPiece(directory: string): LoadedPiece {
  const fail = (reason: string, cause?: unknown): BizError =>
    new BizError('BIZ_PIECE_LOAD', `${directory}: ${reason}`, {
      hint: 'Build the piece with `bizstack-piece bundle` and check it with `bizstack-piece lint`.',
      cause,
    });
  let manifest: z.infer<typeof packageSchema>;
  let exported: unknown;
  try {
    manifest = packageSchema.parse(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')));
    exported = requireHere(join(directory, PIECE_ENTRY));
  } catch (cause) {
    throw fail(describeError(cause), cause);
  }
  const [piece] = findPieces(exported);
  if (piece === undefined) throw fail("nothing that it exports has constructor.name 'Piece'.");
  return { name: manifest.name, version: manifest.version, directory, piece };
}

/**
 * The pieces among the exports of a module. A bundled piece carries its own copy of the framework, so it is
 * known by the name of its class, as the server knows it.
 */
export function findPieces(exported: unknown): AnyPiece[] {
  return typeof exported === 'object' && exported !== null ? Object.values(exported).filter(isPiece) : [];
}

function isPiece(value: unknown): value is AnyPiece {
  return (
    typeof value === 'object' && value !== null && value.constructor?.name === 'Piece' && 'metadata' in value
  );
}

/** Whether a loaded version serves what a flow asks for: `1.2.3`, `~1.2.3` (same minor) or `^1.2.3` (same major). */
export function versionFits(wanted: string, loaded: string): boolean {
  if (loaded === '*') return true;
  const match = /^([~^]?)(\d+)\.(\d+)\.(\d+)$/.exec(wanted);
  const have = /^(\d+)\.(\d+)\.(\d+)$/.exec(loaded);
  if (match === null || have === null) return wanted === loaded;
  const [, range = '', major, minor, patch] = match;
  const [, haveMajor, haveMinor, havePatch] = have;
  if (range === '') return wanted === loaded;
  if (major !== haveMajor) return false;
  const newer =
    Number(haveMinor) > Number(minor) || (haveMinor === minor && Number(havePatch) >= Number(patch));
  return range === '~' || major === '0' ? haveMinor === minor && newer : newer;
}
