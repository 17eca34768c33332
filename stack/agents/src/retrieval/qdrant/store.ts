import { isBizError } from '@bizstack/contracts';
import { z } from 'zod';
import { retrievalError } from '../errors';
import type { SparseVector } from '../sparse/bm25';
import type { QdrantClient } from './client';
import { chunksOfSources, type Filter, ofKind } from './filters';
import {
  type ChunkPayload,
  chunkPayloadSchema,
  DENSE,
  type SourcePayload,
  sourcePayloadSchema,
  sourcePointId,
  SPARSE,
} from './payload';

const done = z.unknown();
const idSchema = z.string();
const collectionSchema = z.looseObject({
  config: z.looseObject({
    params: z.looseObject({
      vectors: z.record(z.string(), z.looseObject({ size: z.number() })).nullish(),
      sparse_vectors: z.record(z.string(), z.unknown()).nullish(),
    }),
  }),
});

/** Ids of one request. */
const ID_BATCH = 1000;
const PAGE = 1000;

export interface ChunkPoint {
  readonly id: string;
  readonly dense: readonly number[] | undefined;
  readonly sparse: SparseVector;
  readonly payload: ChunkPayload;
}

/** One collection of a knowledge base. Writes return when they are applied. */
export class KnowledgeStore {
  constructor(
    private readonly client: QdrantClient,
    readonly collection: string,
  ) {}

  /**
   * Creates the collection and its payload indexes where they are missing.
   * @param dimensions of the dense vectors; undefined without embeddings
   * @throws BizError `BIZ_RETRIEVAL_COLLECTION_MISMATCH`
   */
  async ensure(dimensions: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    const path = ['collections', this.collection];
    if (!(await this.exists(signal))) {
      try {
        await this.client.call({
          method: 'PUT',
          path,
          body: {
            vectors: dimensions === undefined ? {} : { [DENSE]: { size: dimensions, distance: 'Cosine' } },
            sparse_vectors: { [SPARSE]: { modifier: 'idf' } },
          },
          schema: done,
          signal,
        });
      } catch (error) {
        // Somebody else made it meanwhile.
        if (!isBizError(error, 'BIZ_QDRANT_CONFLICT') && !(await this.exists(signal))) throw error;
      }
    }
    await this.check(dimensions, signal);
    const fields = ['kind', 'source_id', 'access.users', 'access.roles'].map((name) => [name, 'keyword']);
    for (const [field_name, field_schema] of [...fields, ['access.public', 'bool']]) {
      const body = { field_name, field_schema };
      await this.client.call({
        method: 'PUT',
        path: [...path, 'index'],
        wait: true,
        body,
        schema: done,
        signal,
      });
    }
  }

  async exists(signal: AbortSignal | undefined): Promise<boolean> {
    const schema = z.object({ exists: z.boolean() });
    const path = ['collections', this.collection, 'exists'];
    return (await this.client.call({ path, schema, signal })).exists;
  }

  private async check(dimensions: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    const { config } = await this.client.call({
      path: ['collections', this.collection],
      schema: collectionSchema,
      signal,
    });
    const size = config.params.vectors?.[DENSE]?.size;
    const sparse = config.params.sparse_vectors?.[SPARSE] !== undefined;
    if (sparse && (dimensions === undefined || size === dimensions)) return;
    const has = size === undefined ? `no vector "${DENSE}"` : `${size} dimensions`;
    throw retrievalError(
      'COLLECTION_MISMATCH',
      sparse
        ? `The collection "${this.collection}" has ${has}, and the embeddings have ${dimensions}.`
        : `The collection "${this.collection}" is not one of a knowledge base.`,
      { hint: 'Name another collection and index the sources again.' },
    );
  }

  /** What is known of sources; only those that are indexed as a whole are in the answer. */
  async sourcesById(
    sourceIds: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, SourcePayload>> {
    const found = await this.client.call({
      method: 'POST',
      path: this.path(),
      body: { ids: sourceIds.map(sourcePointId), with_payload: true, with_vector: false },
      schema: z.array(z.looseObject({ payload: sourcePayloadSchema })),
      signal,
    });
    return new Map(found.map(({ payload }) => [payload.source_id, payload]));
  }

  async *allSources(signal: AbortSignal | undefined): AsyncGenerator<SourcePayload> {
    for await (const { payload } of this.scroll(ofKind('source'), sourcePayloadSchema, signal)) yield payload;
  }

  /** Points of the chunks of sources, by point id; whether or not a source is indexed as a whole. */
  async chunksOf(
    sourceIds: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, ChunkPayload>> {
    const chunks = new Map<string, ChunkPayload>();
    for await (const { id, payload } of this.scroll(chunksOfSources(sourceIds), chunkPayloadSchema, signal)) {
      chunks.set(id, payload);
    }
    return chunks;
  }

  async upsertChunks(points: readonly ChunkPoint[], signal: AbortSignal | undefined): Promise<void> {
    await this.upsert(
      points.map(({ id, dense, sparse, payload }) => ({
        id,
        vector: {
          ...(dense ? { [DENSE]: dense } : {}),
          // A chunk without a single word (a table of signs) has nothing to be found by.
          ...(sparse.indices.length > 0 ? { [SPARSE]: sparse } : {}),
        },
        payload,
      })),
      signal,
    );
  }

  async upsertSources(payloads: readonly SourcePayload[], signal: AbortSignal | undefined): Promise<void> {
    const points = payloads.map((payload) => ({ id: sourcePointId(payload.source_id), vector: {}, payload }));
    await this.upsert(points, signal);
  }

  /** Changes what is stored beside vectors that stay. */
  async overwritePayloads(
    payloads: ReadonlyMap<string, ChunkPayload>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const batch of batchesOf([...payloads], 100)) {
      const operations = batch.map(([id, payload]) => ({ overwrite_payload: { points: [id], payload } }));
      await this.client.call({
        method: 'POST',
        path: this.path('batch'),
        wait: true,
        body: { operations },
        schema: done,
        signal,
      });
    }
  }

  /** Who may read a source, at once for all its chunks. */
  async setAccess(
    sourceId: string,
    access: ChunkPayload['access'],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.client.call({
      method: 'POST',
      path: this.path('payload'),
      wait: true,
      body: { payload: { access }, filter: chunksOfSources([sourceId]) },
      schema: done,
      signal,
    });
  }

  async deletePoints(ids: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    for (const points of batchesOf(ids, ID_BATCH)) await this.delete({ points }, signal);
  }

  /** The source's own point first: what an interruption leaves is then indexed again, or removed again. */
  async deleteSource(sourceId: string, signal: AbortSignal | undefined): Promise<void> {
    await this.delete({ points: [sourcePointId(sourceId)] }, signal);
    await this.delete({ filter: chunksOfSources([sourceId]) }, signal);
  }

  /** Several queries in one request. */
  async query<T>(
    searches: readonly Readonly<Record<string, unknown>>[],
    schema: z.ZodType<T>,
    signal: AbortSignal | undefined,
  ): Promise<T[]> {
    return this.client.call({
      method: 'POST',
      path: this.path('query', 'batch'),
      body: { searches },
      schema: z.array(schema),
      signal,
    });
  }

  private async upsert(points: readonly unknown[], signal: AbortSignal | undefined): Promise<void> {
    const call = { method: 'PUT', path: this.path(), wait: true, body: { points } } as const;
    await this.client.call({ ...call, schema: done, signal });
  }

  private async delete(body: unknown, signal: AbortSignal | undefined): Promise<void> {
    const call = { method: 'POST', path: this.path('delete'), wait: true, body } as const;
    await this.client.call({ ...call, schema: done, signal });
  }

  private async *scroll<T>(
    filter: Filter,
    schema: z.ZodType<T>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ id: string; payload: T }> {
    let offset: string | undefined;
    do {
      const page = await this.client.call({
        method: 'POST',
        path: this.path('scroll'),
        body: { filter, limit: PAGE, with_payload: true, with_vector: false, ...(offset ? { offset } : {}) },
        schema: z.object({
          points: z.array(z.looseObject({ id: idSchema, payload: schema })),
          next_page_offset: idSchema.nullish(),
        }),
        signal,
      });
      for (const { id, payload } of page.points) yield { id, payload };
      offset = page.next_page_offset ?? undefined;
    } while (offset !== undefined);
  }

  private path(...rest: string[]): string[] {
    return ['collections', this.collection, 'points', ...rest];
  }
}

function batchesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
