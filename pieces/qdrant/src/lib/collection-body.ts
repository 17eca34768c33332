import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { embeddingsOf, type QdrantAuthProps } from './auth';
import { DISTANCES } from './collections';
import { embedTexts } from './embeddings';
import type { Vector } from './inputs';
import type { Point } from './points-input';

export interface CollectionSpec {
  size: number;
  distance?: string | undefined;
  vectorName?: string | undefined;
  sparseVectors?: readonly string[] | undefined;
  onDisk?: boolean | undefined;
  quantization?: string | undefined;
  /** Merged over the rest. */
  advanced?: Record<string, unknown> | undefined;
}

/** The body of a request that creates a collection. Sparse vectors weigh rare words more (IDF). */
export function collectionBody(spec: CollectionSpec): Record<string, unknown> {
  const distance = readDistance(spec.distance);
  const vector = { size: spec.size, distance, ...(spec.onDisk ? { on_disk: true } : {}) };
  const sparse = (spec.sparseVectors ?? []).map((name) => [name, { modifier: 'idf' }]);
  return {
    vectors: spec.vectorName ? { [spec.vectorName]: vector } : vector,
    ...(sparse.length > 0 ? { sparse_vectors: Object.fromEntries(sparse) } : {}),
    ...quantization(spec.quantization),
    ...spec.advanced,
  };
}

/** The body that creates a collection for points like this one. */
export function bodyForPoint({ vector }: Point, distanceName: string | undefined): Record<string, unknown> {
  const distance = readDistance(distanceName);
  if (Array.isArray(vector)) return { vectors: denseParams(vector, distance) };
  const entries = Object.entries(vector);
  const sparse = entries.filter(([, each]) => !Array.isArray(each));
  const dense = entries.flatMap(([name, each]) =>
    Array.isArray(each) ? [[name, denseParams(each, distance)] as const] : [],
  );
  return {
    vectors: Object.fromEntries(dense),
    ...(sparse.length > 0
      ? { sparse_vectors: Object.fromEntries(sparse.map(([name]) => [name, { modifier: 'idf' }])) }
      : {}),
  };
}

function denseParams(
  vector: Exclude<Vector, { indices: number[] }>,
  distance: string,
): Record<string, unknown> {
  const [first] = vector;
  return Array.isArray(first)
    ? { size: first.length, distance, multivector_config: { comparator: 'max_sim' } }
    : { size: vector.length, distance };
}

function readDistance(name: string | undefined): string {
  return parseInput('Distance', name ?? 'Cosine', z.enum(DISTANCES));
}

/** Dimensions of the connection's embeddings model: as configured, else measured on one word. */
export async function defaultSize(auth: QdrantAuthProps): Promise<number> {
  const settings = embeddingsOf(auth);
  if (settings.dimensions) return settings.dimensions;
  const [vector] = await embedTexts(settings, ['size']);
  return vector?.length ?? 0;
}

function quantization(kind: string | undefined): Record<string, unknown> {
  if (kind === 'scalar') return { quantization_config: { scalar: { type: 'int8', always_ram: true } } };
  if (kind === 'binary') return { quantization_config: { binary: { always_ram: true } } };
  return {};
}
