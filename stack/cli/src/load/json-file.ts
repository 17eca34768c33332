import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { BizError, messageOf } from '@bizstack/contracts';

/** @throws BIZ_LOAD_FILE when the file cannot be read or is not JSON */
export async function readJsonFile(file: string): Promise<unknown> {
  try {
    const content: unknown = JSON.parse(await readFile(file, 'utf8'));
    return content;
  } catch (error) {
    throw new BizError('BIZ_LOAD_FILE', `Cannot read ${file}: ${messageOf(error)}.`, { cause: error });
  }
}

/** Hexadecimal SHA-256 of a JSON value, the same whatever the order of its keys. */
export function hashOfJson(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, sorted(item)]),
    );
  }
  return value;
}
