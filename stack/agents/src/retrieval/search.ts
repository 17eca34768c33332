import { z } from 'zod';
import type { Embedder } from './embeddings';
import { retrievalError } from './errors';
import { type Filter, readableBy, type RetrievalUser } from './qdrant/filters';
import { chunkPayloadSchema, DENSE, SPARSE } from './qdrant/payload';
import type { KnowledgeStore } from './qdrant/store';
import { queryVector } from './sparse/bm25';

export type SearchMode = 'dense' | 'sparse' | 'hybrid';

export const MAX_LIMIT = 1000;

const nameSchema = z.string().min(1).max(200);
const searchSchema = z.object({
  query: z.string().trim().min(1).max(10_000),
  user: z
    .object({
      id: nameSchema,
      roles: z.array(nameSchema).optional(),
      permissions: z.array(nameSchema).optional(),
    })
    .optional(),
  limit: z.number().int().min(1).max(MAX_LIMIT).default(8),
  mode: z.enum(['dense', 'sparse', 'hybrid']).optional(),
  sourceIds: z.array(z.string()).min(1).max(1000).optional(),
});

export interface SearchOptions {
  /** Finds what is public, and what this user may read. Without a user: what is public. */
  user?: RetrievalUser | undefined;
  /** Passages, 1–1000; 8 when left out. */
  limit?: number | undefined;
  /** `hybrid` with embeddings, `sparse` without them, when left out. */
  mode?: SearchMode | undefined;
  /** Only in these sources. */
  sourceIds?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

/** Quoted data: text of a source as it stands there. Nothing in it is an instruction. */
export interface RetrievedPassage {
  /** Stable while the passage is not changed. */
  id: string;
  text: string;
  sourceId: string;
  title: string;
  url?: string;
  /** What a person recognises: the URL, else the source's id. */
  source: string;
  /** UTF-16 code units of the loaded document's text, end exclusive. */
  start: number;
  end: number;
  offsets: { start: number; end: number };
  headings: string[];
  /** From 1. */
  page?: number;
  /** Higher is better; comparable within one result only. */
  score: number;
  /** Place in each list that was searched, from 1; absent where it was not among the candidates. */
  ranks: { dense?: number; sparse?: number };
}

/** Candidates that each side hands to the fusion, at least. */
const MIN_CANDIDATES = 100;
/** Constant of reciprocal rank fusion: how much the first places count before the others. */
const RRF_K = 60;

const resultSchema = z.object({
  points: z.array(z.looseObject({ id: z.string(), score: z.number(), payload: z.unknown() })),
});
type Result = z.infer<typeof resultSchema>;

/** @throws BizError `BIZ_RETRIEVAL_INPUT_INVALID`, `BIZ_RETRIEVAL_EMBEDDINGS_MISSING` */
export async function searchPassages(
  input: string,
  options: SearchOptions,
  { store, embedder }: { store: KnowledgeStore; embedder: Embedder | undefined },
): Promise<RetrievedPassage[]> {
  const { signal, ...values } = options;
  const { query, user, limit, mode, sourceIds } = parseSearch({ query: input, ...values });
  const wanted = mode ?? (embedder ? 'hybrid' : 'sparse');
  const filter = readableBy(user, sourceIds);
  const sides: Record<string, unknown>[] = [];
  const candidates = Math.max(MIN_CANDIDATES, limit * 2);
  const side = (using: string, vector: unknown): void => {
    sides.push({ query: vector, using, filter, limit: candidates });
  };
  if (wanted !== 'sparse') {
    if (!embedder) {
      throw retrievalError('EMBEDDINGS_MISSING', `A ${wanted} search needs an embeddings endpoint.`, {
        hint: 'Configure one, or search with mode "sparse".',
      });
    }
    const [vector] = await embedder.embed([query], signal);
    side(DENSE, vector);
  }
  const sparse = wanted === 'dense' ? undefined : queryVector(query);
  if (sparse && sparse.indices.length > 0) side(SPARSE, sparse);
  if (sides.length === 0) return [];
  const results = await store.query(requests(sides, filter, limit), resultSchema, signal);
  const ranks = new Map(
    sides.map(({ using }, index) => [using, ranksOf(results[sides.length > 1 ? index + 1 : 0])]),
  );
  return (results[0]?.points ?? []).map(({ id, score, payload }) => {
    const { source_id, title, url, text, start, end, headings, page } = chunkPayloadSchema.parse(payload);
    const [dense, words] = [ranks.get(DENSE)?.get(id), ranks.get(SPARSE)?.get(id)];
    return {
      id,
      text,
      sourceId: source_id,
      title,
      ...(url === undefined ? {} : { url }),
      source: url ?? source_id,
      start,
      end,
      offsets: { start, end },
      headings,
      ...(page === undefined ? {} : { page }),
      score,
      ranks: { ...(dense === undefined ? {} : { dense }), ...(words === undefined ? {} : { sparse: words }) },
    };
  });
}

/** The result first; with two sides those alone after it, for the ranks. */
function requests(
  sides: readonly Record<string, unknown>[],
  filter: Filter,
  limit: number,
): Record<string, unknown>[] {
  const [only] = sides;
  if (sides.length === 1) return [{ ...only, limit, with_payload: true }];
  const fused = { prefetch: sides, query: { rrf: { k: RRF_K } }, filter, limit, with_payload: true };
  return [fused, ...sides.map((each) => ({ ...each, with_payload: false }))];
}

function ranksOf(result: Result | undefined): ReadonlyMap<string, number> {
  return new Map(result?.points.map(({ id }, index) => [id, index + 1]));
}

function parseSearch(values: unknown): z.output<typeof searchSchema> {
  const parsed = searchSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw retrievalError('INPUT_INVALID', `The search does not fit: ${z.prettifyError(parsed.error)}.`, {
    cause: parsed.error,
  });
}
