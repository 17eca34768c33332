import { isBizError } from '@bizstack/contracts';
import { z } from 'zod';
import { DEFAULT_CHUNKING } from './chunking/chunk-document';
import { Embedder, embeddingsSchema } from './embeddings';
import { retrievalError } from './errors';
import { type IndexProgress, type IndexResult, indexSources } from './index-sources';
import { QdrantClient } from './qdrant/client';
import { accessOf } from './qdrant/payload';
import { KnowledgeStore } from './qdrant/store';
import { type RetrievedPassage, type SearchOptions, searchPassages } from './search';
import {
  type KnowledgeSource,
  type ParsedSource,
  parseSource,
  type SourceAccess,
  type SourceFormat,
} from './source';

const optionsSchema = z.object({
  qdrant: z.object({
    /** REST URL with port. */
    url: z.url({ protocol: /^https?$/ }),
    apiKey: z.string().optional(),
    /** Made when the first source is indexed. */
    collection: z.string().regex(/^[\w.-]{1,200}$/, 'must be 1–200 letters, digits, ".", "_" or "-"'),
  }),
  /** Without it passages are found by their words alone. */
  embeddings: embeddingsSchema.optional(),
  chunking: z
    .object({
      maxTokens: z.number().int().min(32).max(2000).default(DEFAULT_CHUNKING.maxTokens),
      overlapTokens: z.number().int().min(0).default(DEFAULT_CHUNKING.overlapTokens),
    })
    .refine(
      ({ maxTokens, overlapTokens }) => overlapTokens <= maxTokens / 2,
      'the overlap is above half a chunk',
    )
    .default(DEFAULT_CHUNKING),
});

export type KnowledgeBaseOptions = z.input<typeof optionsSchema>;

export interface IndexOptions {
  onProgress?: ((progress: IndexProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface IndexedSource {
  sourceId: string;
  title: string;
  url?: string;
  format: SourceFormat;
  access: SourceAccess;
  chunks: number;
  /** UTF-16 code units of its text. */
  characters: number;
  /** ISO 8601. */
  indexedAt: string;
}

/** Fits the `KnowledgeBase` that agents take. Methods may run at the same time; one source is indexed by one at a time. */
export interface RetrievalKnowledgeBase {
  /** Adds a source or replaces what was indexed under its id; only chunks that changed are encoded. */
  index(source: KnowledgeSource, options?: IndexOptions): Promise<IndexResult>;
  /** Many sources, together in few requests. The first that fails ends it; those before it are indexed. */
  indexAll(
    sources: Iterable<KnowledgeSource> | AsyncIterable<KnowledgeSource>,
    options?: IndexOptions,
  ): Promise<IndexResult[]>;
  /** Nothing happens when there is no such source. */
  remove(sourceId: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** Best passages first, empty when nothing fits. */
  search(query: string, options?: SearchOptions): Promise<RetrievedPassage[]>;
  /** All that are indexed as a whole, whoever may read them: for administrators. */
  sources(options?: { signal?: AbortSignal }): Promise<IndexedSource[]>;
}

/** Sources that are indexed together. */
const GROUP_SOURCES = 64;
const GROUP_BYTES = 4 * 1024 * 1024;

/**
 * A knowledge base in a Qdrant collection of its own.
 * @throws BizError `BIZ_RETRIEVAL_INPUT_INVALID`; methods: `BIZ_RETRIEVAL_…`, `BIZ_QDRANT_…`, `BIZ_EMBEDDINGS_…`
 */
export function createKnowledgeBase(options: KnowledgeBaseOptions): RetrievalKnowledgeBase {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    const problem = z.prettifyError(parsed.error);
    throw retrievalError('INPUT_INVALID', `The knowledge base is not configured: ${problem}.`, {
      cause: parsed.error,
    });
  }
  const { qdrant, embeddings, chunking } = parsed.data;
  const store = new KnowledgeStore(new QdrantClient(qdrant.url, qdrant.apiKey), qdrant.collection);
  const embedder = embeddings && new Embedder(embeddings);

  let prepared = false;
  const prepare = async (signal: AbortSignal | undefined): Promise<void> => {
    if (prepared) return;
    const probe = await embedder?.embed(['dimensions'], signal);
    await store.ensure(probe?.[0]?.length, signal);
    prepared = true;
  };

  const indexAll: RetrievalKnowledgeBase['indexAll'] = async (sources, { onProgress, signal } = {}) => {
    await prepare(signal);
    const results: IndexResult[] = [];
    let group: ParsedSource[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      results.push(...(await indexSources(group, { store, embedder, chunking, onProgress, signal })));
      [group, bytes] = [[], 0];
    };
    for await (const each of sources) {
      const source = parseSource(each);
      const repeated = group.some(({ id }) => id === source.id);
      if (group.length >= GROUP_SOURCES || bytes > GROUP_BYTES || repeated) await flush();
      group.push(source);
      bytes += source.content.length;
    }
    if (group.length > 0) await flush();
    return results;
  };

  return {
    indexAll,
    async index(source, indexOptions) {
      const [result] = await indexAll([source], indexOptions);
      if (!result) throw new RangeError('A source has a result.');
      return result;
    },
    async remove(sourceId, { signal } = {}) {
      await whenPresent(() => store.deleteSource(sourceId, signal), undefined);
    },
    search: (query, searchOptions = {}) =>
      whenPresent(() => searchPassages(query, searchOptions, { store, embedder }), []),
    sources: ({ signal } = {}) =>
      whenPresent(async () => {
        const found: IndexedSource[] = [];
        for await (const {
          source_id,
          title,
          url,
          format,
          access,
          chunks,
          characters,
          indexed_at,
        } of store.allSources(signal)) {
          found.push({
            sourceId: source_id,
            title,
            ...(url === undefined ? {} : { url }),
            format,
            access: accessOf(access),
            chunks,
            characters,
            indexedAt: indexed_at,
          });
        }
        return found.sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1));
      }, []),
  };
}

/** Before the first source is indexed there is no collection. */
async function whenPresent<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isBizError(error, 'BIZ_QDRANT_NOT_FOUND')) return otherwise;
    throw error;
  }
}
