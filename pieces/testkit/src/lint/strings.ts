import { pieceTranslation } from '@activepieces/pieces-framework';
import type { AnyPiece } from '../piece/load';

/** The server looks translations up by at most so many characters of the English text. */
const KEY_LENGTH = 512;

/** Every English text of a piece that the server translates, in the order of the piece. */
export function translatableStrings(piece: AnyPiece): string[] {
  const found = new Set<string>();
  const metadata: unknown = piece.metadata();
  for (const path of pieceTranslation.pathsToValuesToTranslate) collect(metadata, path.split('.'), found);
  return [...found];
}

function collect(value: unknown, [key, ...rest]: string[], found: Set<string>): void {
  if (key === undefined) {
    if (typeof value === 'string' && value.trim() !== '') found.add(value.slice(0, KEY_LENGTH));
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const children: unknown[] = key === '*' ? Object.values(value) : [Reflect.get(value, key)];
  for (const child of children) collect(child, rest, found);
}
