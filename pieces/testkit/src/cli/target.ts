import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundlePiece } from '../bundle/bundle';
import { type LoadedPiece, loadPiece, PIECE_ENTRY, unpackPiece } from '../piece/load';

/** Loads a piece from a tarball, a package folder or its source folder. */
export async function loadTarget(target: string, scratch: string): Promise<LoadedPiece> {
  const path = resolve(target);
  if (existsSync(path) && statSync(path).isFile()) return loadPiece(await unpackPiece(path, scratch));
  if (!existsSync(join(path, PIECE_ENTRY)) && existsSync(join(path, 'src', 'index.ts'))) {
    return loadPiece((await bundlePiece({ pieceDir: path, outDir: scratch })).directory);
  }
  return loadPiece(path);
}
