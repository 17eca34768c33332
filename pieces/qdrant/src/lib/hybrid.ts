import { BizError } from '@bizstack/piece-common';
import type { SparseVector } from './bm25';
import type { QdrantClient } from './client';
import { getCollection, sparseNames } from './collections';
import type { Filter } from './filter';
import { compact, type Vector } from './inputs';
import type { PointId } from './ids';
import { z } from 'zod';
import { queryResultSchema, type ScoredPoint } from './schemas';

export type Fusion = 'rrf' | 'dbsf';

/** Candidates that each side hands to the fusion, at least. */
const CANDIDATES_MIN = 50;
const CANDIDATES_MAX = 1000;
/** Qdrant's constant of reciprocal rank fusion, counted from rank 0. */
const RRF_K = 2;

export interface Side {
  query: Vector | SparseVector;
  using: string | undefined;
}

export interface HybridSearch {
  dense: Side;
  /** Undefined when the text has no words. */
  keywords: Side | undefined;
  fusion: Fusion;
  filter: Filter | undefined;
  /** Results wanted, those skipped included. */
  wanted: number;
}

/** The parts of a request that fuse both sides. */
export function hybridQuery({
  dense,
  keywords,
  fusion,
  filter,
  wanted,
}: HybridSearch): Record<string, unknown> {
  const sides = [dense, ...(keywords ? [keywords] : [])];
  return {
    prefetch: sides.map((side) => branch(side, filter, wanted)),
    query: { fusion },
    filter,
  };
}

export interface Found {
  /** From 1. */
  rank: number;
  score: number;
}

export interface Explanation {
  fusion: Fusion;
  /** Place among the nearest by meaning; null when it was not among the candidates. */
  meaning: (Found & { contribution?: number }) | null;
  keywords: (Found & { contribution?: number }) | null;
}

/** Where each candidate stood on either side. Asks both sides alone, in one request. */
export async function explanations(
  client: QdrantClient,
  collection: string,
  search: HybridSearch,
): Promise<(id: PointId) => Explanation> {
  const { dense, keywords, fusion, filter, wanted } = search;
  const sides = [dense, ...(keywords ? [keywords] : [])];
  const results = await client.call({
    method: 'POST',
    path: ['collections', collection, 'points', 'query', 'batch'],
    body: { searches: sides.map((side) => ({ ...branch(side, filter, wanted), with_payload: false })) },
    schema: z.array(queryResultSchema),
  });
  const [meaning, words] = [ranksOf(results[0]?.points ?? []), ranksOf(results[1]?.points ?? [])];
  return (id) => ({
    fusion,
    meaning: withContribution(meaning.get(id), fusion),
    keywords: withContribution(words.get(id), fusion),
  });
}

function branch({ query, using }: Side, filter: Filter | undefined, wanted: number): Record<string, unknown> {
  const limit = Math.min(CANDIDATES_MAX, Math.max(CANDIDATES_MIN, wanted * 3));
  return compact({ query, using, filter, limit });
}

function ranksOf(points: readonly ScoredPoint[]): Map<PointId, Found> {
  return new Map(points.map(({ id, score }, index) => [id, { rank: index + 1, score }]));
}

function withContribution(found: Found | undefined, fusion: Fusion): Explanation['meaning'] {
  if (!found) return null;
  return fusion === 'rrf' ? { ...found, contribution: 1 / (RRF_K + found.rank - 1) } : found;
}

/**
 * Name of the sparse vector to search in: the given one, or the only one of the collection.
 * @throws BizError `BIZ_INPUT_INVALID`
 */
export async function keywordVectorOf(
  client: QdrantClient,
  collection: string,
  given: string | undefined,
): Promise<string> {
  if (given) return given;
  const names = sparseNames(await getCollection(client, collection));
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new BizError(
    'BIZ_INPUT_INVALID',
    names.length === 0
      ? `The collection "${collection}" has no sparse vector, so there are no keywords to search.`
      : `The collection "${collection}" has several sparse vectors: ${names.join(', ')}.`,
    {
      hint:
        names.length === 0
          ? 'Create it with a sparse vector, and upsert with Keyword Vector.'
          : 'Choose Keyword Vector.',
    },
  );
}
