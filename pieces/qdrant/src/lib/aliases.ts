import { z } from 'zod';
import type { QdrantClient } from './client';
import { booleanSchema } from './schemas';

export interface Alias {
  alias: string;
  collection: string;
}

export async function listAliases(client: QdrantClient): Promise<Alias[]> {
  const { aliases } = await client.call({
    path: ['aliases'],
    schema: z.looseObject({
      aliases: z.array(z.looseObject({ alias_name: z.string(), collection_name: z.string() })),
    }),
  });
  return aliases.map(({ alias_name: alias, collection_name: collection }) => ({ alias, collection }));
}

/** Carries out all changes or none. */
export async function changeAliases(client: QdrantClient, actions: readonly unknown[]): Promise<void> {
  await client.call({
    method: 'POST',
    path: ['collections', 'aliases'],
    body: { actions },
    schema: booleanSchema,
  });
}
