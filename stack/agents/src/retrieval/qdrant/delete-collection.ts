import { z } from 'zod';
import { QdrantClient } from './client';

/** Deletes a whole knowledge base; nothing happens when there is none. @throws BizError `BIZ_QDRANT_…` */
export async function deleteCollection({
  url,
  apiKey,
  collection,
}: {
  url: string;
  apiKey?: string | undefined;
  collection: string;
}): Promise<void> {
  const path = ['collections', collection];
  const client = new QdrantClient(url, apiKey);
  await client.call({ method: 'DELETE', path, schema: z.unknown(), signal: undefined });
}
