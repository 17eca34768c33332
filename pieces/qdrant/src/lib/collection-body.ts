import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { embeddingsOf, type QdrantAuthProps } from './auth';
import { DISTANCES } from './collections';
import { embedTexts } from './embeddings';
import { compact, type Vector } from './inputs';
import type { Point } from './points-input';

const vectorSchema = z.strictObject({
  size: z.int().min(1).max(65_535),
  distance: z.enum(DISTANCES).default('Cosine'),
  onDisk: z.boolean().optional(),
  /** Several vectors for one point, compared with MaxSim. */
  multivector: z.boolean().optional(),
  datatype: z.enum(['float32', 'float16', 'uint8']).optional(),
  hnswM: z.int().min(0).max(1000).optional(),
  hnswEfConstruct: z.int().min(4).max(10_000).optional(),
});

export const namedVectorsSchema = z
  .record(z.string().min(1).max(255), vectorSchema)
  .refine((vectors) => Object.keys(vectors).length > 0, 'name at least one vector');

export type NamedVectorSpecs = z.infer<typeof namedVectorsSchema>;

export interface HnswSpec {
  m?: number | undefined;
  efConstruct?: number | undefined;
  onDisk?: boolean | undefined;
}

export interface CollectionSpec {
  /** One vector, or several by name. */
  vectors: { size: number; distance?: string | undefined; name?: string | undefined } | NamedVectorSpecs;
  sparseVectors?: readonly string[] | undefined;
  onDisk?: boolean | undefined;
  onDiskPayload?: boolean | undefined;
  hnsw?: HnswSpec | undefined;
  /** One graph for each tenant instead of one for all. */
  graphPerTenant?: boolean | undefined;
  quantization?: string | undefined;
  /** Merged over the rest. */
  advanced?: Record<string, unknown> | undefined;
}

const DEFAULT_HNSW_M = 16;

/** The body of a request that creates a collection. Sparse vectors weigh rare words more (IDF). */
export function collectionBody(spec: CollectionSpec): Record<string, unknown> {
  const sparse = (spec.sparseVectors ?? []).map((name) => [name, { modifier: 'idf' }]);
  const hnsw = hnswConfig(spec);
  return {
    vectors: vectorsConfig(spec),
    ...(sparse.length > 0 ? { sparse_vectors: Object.fromEntries(sparse) } : {}),
    ...(Object.keys(hnsw).length > 0 ? { hnsw_config: hnsw } : {}),
    ...(spec.onDiskPayload === undefined ? {} : { on_disk_payload: spec.onDiskPayload }),
    ...quantization(spec.quantization),
    ...spec.advanced,
  };
}

function vectorsConfig({ vectors, onDisk }: CollectionSpec): Record<string, unknown> {
  if (isSingle(vectors)) {
    const { size, name } = vectors;
    const config = { size, distance: readDistance(vectors.distance), ...(onDisk ? { on_disk: true } : {}) };
    return name ? { [name]: config } : config;
  }
  const configs = Object.entries(vectors).map(([name, vector]): [string, Record<string, unknown>] => {
    const hnsw = compact({ m: vector.hnswM, ef_construct: vector.hnswEfConstruct });
    const config = compact({
      size: vector.size,
      distance: vector.distance,
      on_disk: vector.onDisk ?? (onDisk ? true : undefined),
      datatype: vector.datatype,
      multivector_config: vector.multivector ? { comparator: 'max_sim' } : undefined,
      hnsw_config: Object.keys(hnsw).length > 0 ? hnsw : undefined,
    });
    return [name, config];
  });
  return Object.fromEntries(configs);
}

function isSingle(
  vectors: CollectionSpec['vectors'],
): vectors is Extract<CollectionSpec['vectors'], { size: number }> {
  return typeof vectors.size === 'number';
}

function hnswConfig({ hnsw, graphPerTenant }: CollectionSpec): Record<string, unknown> {
  const m = hnsw?.m;
  return compact({
    ...(graphPerTenant ? { m: 0, payload_m: m ?? DEFAULT_HNSW_M } : { m }),
    ef_construct: hnsw?.efConstruct,
    on_disk: hnsw?.onDisk ? true : undefined,
  });
}

/** The body that creates a collection for points like this one. */
export function bodyForPoint({ vector }: Point, distanceName: string | undefined): Record<string, unknown> {
  const distance = readDistance(distanceName);
  if (Array.isArray(vector)) return { vectors: denseParams(vector, distance) };
  const entries = Object.entries(vector);
  const unnamed = entries.find(([name]) => name === '')?.[1];
  const sparse = entries.filter(([, each]) => !Array.isArray(each));
  const dense = entries.flatMap(([name, each]) =>
    Array.isArray(each) ? [[name, denseParams(each, distance)] as const] : [],
  );
  return {
    vectors: Array.isArray(unnamed) ? denseParams(unnamed, distance) : Object.fromEntries(dense),
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
  if (kind === 'product')
    return { quantization_config: { product: { compression: 'x16', always_ram: true } } };
  if (kind === 'binary') return { quantization_config: { binary: { always_ram: true } } };
  return {};
}
