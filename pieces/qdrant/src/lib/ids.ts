import { isUuid, pointId } from '@bizstack/contracts/dist/ids';
import { BizError } from '@bizstack/piece-common';

/** An id that Qdrant accepts: an unsigned integer or a UUID. */
export type PointId = number | string;

const LONGEST_KEY = 1000;

/**
 * Reads a Qdrant id.
 * @throws BizError `BIZ_INPUT_INVALID` for anything but an unsigned integer or a UUID.
 */
export function readId(value: unknown): PointId {
  const id = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value.trim()) : value;
  if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0) return id;
  if (typeof id === 'string' && isUuid(id.trim())) return id.trim().toLowerCase();
  throw new BizError('BIZ_INPUT_INVALID', `${shown(value)} is not a point id.`, {
    hint: 'Qdrant takes unsigned integers and UUIDs. Give any other key as "key": it becomes a UUID.',
  });
}

/**
 * The point id of a key of your own; the same key always gives the same id.
 * @throws BizError `BIZ_INPUT_INVALID` for an empty key.
 */
export function idOfKey(value: unknown): string {
  const key = typeof value === 'number' ? String(value) : value;
  if (typeof key === 'string' && key.trim() !== '' && key.length <= LONGEST_KEY) return pointId(key);
  throw new BizError('BIZ_INPUT_INVALID', `${shown(value)} is not a key.`, {
    hint: `Give text of 1 to ${LONGEST_KEY} characters, or a number.`,
  });
}

/** Ids from the two lists that the actions offer. */
export function readIds(ids: readonly unknown[] = [], keys: readonly unknown[] = []): PointId[] {
  return [...new Set([...ids.map(readId), ...keys.map(idOfKey)])];
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
  return (text ?? 'nothing').slice(0, 60);
}
