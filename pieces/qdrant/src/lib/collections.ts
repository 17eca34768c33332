import { isBizError } from '@bizstack/piece-common';
import { z } from 'zod';
import type { QdrantClient } from './client';
import { booleanSchema, type CollectionInfo, collectionSchema } from './schemas';

export const DISTANCES = ['Cosine', 'Dot', 'Euclid', 'Manhattan'] as const;

export async function listCollections(client: QdrantClient): Promise<string[]> {
  const { collections } = await client.call({
    path: ['collections'],
    schema: z.looseObject({ collections: z.array(z.looseObject({ name: z.string() })) }),
  });
  return collections.map((collection) => collection.name).sort();
}

/** @throws BizError `BIZ_QDRANT_NOT_FOUND` */
export function getCollection(client: QdrantClient, name: string): Promise<CollectionInfo> {
  return client.call({ path: ['collections', name], schema: collectionSchema });
}

/**
 * Creates a collection, or finds that it exists. Safe when several runs do it at once: the server lets
 * one of them win, and the others see its collection.
 * @returns true when this call created it.
 */
export async function ensureCollection(client: QdrantClient, name: string, body: unknown): Promise<boolean> {
  try {
    return await client.call({
      method: 'PUT',
      path: ['collections', name],
      body,
      schema: booleanSchema,
    });
  } catch (error) {
    if (alreadyExists(error)) return false;
    throw error;
  }
}

/** Older servers answer 400 where newer ones answer 409. */
export function alreadyExists(error: unknown): boolean {
  return (
    isBizError(error, 'BIZ_QDRANT_CONFLICT') ||
    (isBizError(error, 'BIZ_QDRANT_REQUEST_INVALID') && /already exists/i.test(error.message))
  );
}

/** Names of the dense vectors; the unnamed one is an empty text. */
export function vectorNames({ config }: CollectionInfo): string[] {
  const { vectors } = config.params;
  if (!vectors) return [];
  return isUnnamed(vectors) ? [''] : Object.keys(vectors);
}

/** Names of the sparse vectors. */
export function sparseNames({ config }: CollectionInfo): string[] {
  return Object.keys(config.params.sparse_vectors ?? {});
}

/** Length of a dense vector, or undefined when there is no such vector. */
export function vectorSize({ config }: CollectionInfo, name: string | undefined): number | undefined {
  const { vectors } = config.params;
  if (!vectors) return undefined;
  if (isUnnamed(vectors)) return name ? undefined : vectors.size;
  return name ? vectors[name]?.size : undefined;
}

type Vectors = NonNullable<CollectionInfo['config']['params']['vectors']>;
type UnnamedVector = Extract<Vectors, { size: number }>;

function isUnnamed(vectors: Vectors): vectors is UnnamedVector {
  return typeof vectors['size'] === 'number';
}
