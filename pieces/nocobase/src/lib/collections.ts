import { isBizError } from '@bizstack/piece-common';
import { z } from 'zod';
import type { NocoBaseClient } from './client';

const fieldSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  interface: z.string().nullish(),
  unique: z.boolean().nullish(),
  primaryKey: z.boolean().nullish(),
  hidden: z.boolean().nullish(),
  target: z.string().nullish(),
  foreignKey: z.string().nullish(),
  uiSchema: z.looseObject({ title: z.string().nullish(), enum: z.array(z.unknown()).nullish() }).nullish(),
});

const collectionSchema = z.looseObject({
  name: z.string(),
  title: z.string().nullish(),
  filterTargetKey: z.union([z.string(), z.array(z.string())]).nullish(),
  fields: z.array(fieldSchema).nullish(),
});

export type Field = z.infer<typeof fieldSchema>;

export interface Collection {
  name: string;
  title: string;
  /** Field that `filterByTk` means; usually `id`. */
  key: string;
  fields: Field[];
}

/** Collections that the role sees, by title, with their fields. */
export async function listCollections(client: NocoBaseClient): Promise<Collection[]> {
  const { data } = await client.call({
    action: 'collections:listMeta',
    schema: z.looseObject({ data: z.array(collectionSchema) }),
    repeatable: true,
  });
  return data
    .map(({ name, title, filterTargetKey: key, fields }) => ({
      name,
      title: plainTitle(title ?? name),
      key: (Array.isArray(key) ? key[0] : key) ?? 'id',
      fields: fields ?? [],
    }))
    .sort((a, b) => a.title.localeCompare(b.title));
}

/**
 * One collection; undefined when the role may not see it or it is none that the interface shows. Such
 * collections can still be read and written, only without help.
 */
export async function findCollection(client: NocoBaseClient, name: string): Promise<Collection | undefined> {
  try {
    return (await listCollections(client)).find((collection) => collection.name === name);
  } catch (error) {
    if (isBizError(error, 'BIZ_NOCOBASE_FORBIDDEN') || isBizError(error, 'BIZ_NOCOBASE_NOT_FOUND'))
      return undefined;
    throw error;
  }
}

/** Title of a field as people see it. */
export function fieldTitle({ name, uiSchema }: Field): string {
  return plainTitle(uiSchema?.title ?? name);
}

/** NocoBase keeps titles that it translates as `{{t("Title")}}`. */
function plainTitle(title: string): string {
  return /^\{\{\s*t\(\s*["'](.*?)["']/.exec(title)?.[1] ?? title;
}
