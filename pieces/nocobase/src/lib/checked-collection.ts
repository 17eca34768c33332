import type { NocoBaseClient } from './client';
import { type Collection, findCollection } from './collections';
import { checkValues } from './values';

/** How long the fields of a collection are taken as known. NocoBase sends those of all collections at once. */
const FRESH_MS = 60_000;
const MOST = 500;

interface Known {
  collection: Collection;
  until: number;
}

const known = new Map<string, Known>();

/**
 * The collection, after its values were checked against it. What does not fit the fields known from before is checked
 * against those of now, so that a new field can be used at once.
 * @returns undefined when the role may not read the fields.
 * @throws BizError `BIZ_INPUT_INVALID` naming every field that is wrong.
 */
export async function checkedCollection(
  client: NocoBaseClient,
  name: string,
  values: Record<string, unknown>,
): Promise<Collection | undefined> {
  const key = `${client.identity}/${name}`;
  const before = known.get(key);
  if (before && before.until > Date.now() && fits(values, before.collection)) return before.collection;
  const collection = await findCollection(client, name);
  checkValues(values, collection);
  if (collection) {
    if (known.size >= MOST) known.clear();
    known.set(key, { collection, until: Date.now() + FRESH_MS });
  }
  return collection;
}

function fits(values: Record<string, unknown>, collection: Collection): boolean {
  try {
    checkValues(values, collection);
    return true;
  } catch {
    return false;
  }
}
