import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type Chunk, chunkDocument, type ChunkingOptions } from './chunking/chunk-document';
import type { Embedder } from './embeddings';
import { throwIfAborted } from './errors';
import { detectFormat } from './loaders/detect-format';
import { loadDocument } from './loaders/load-document';
import {
  accessPayload,
  type ChunkPayload,
  chunkPointId,
  sameAccess,
  type SourcePayload,
} from './qdrant/payload';
import type { ChunkPoint, KnowledgeStore } from './qdrant/store';
import type { ParsedSource } from './source';
import { documentVector, SPARSE_VERSION } from './sparse/bm25';

/** Raised when loaders or chunking change what they make of the same file. */
const PIPELINE_VERSION = 1;
/** Points of one upsert without embeddings. */
const SPARSE_BATCH = 128;
/** Chunks between two turns of the event loop. */
const CHUNKS_A_TURN = 500;

export interface IndexProgress {
  readonly sourceId: string;
  /** Chunks of this call that are stored, and how many have to be. */
  readonly done: number;
  readonly total: number;
}

export interface IndexResult {
  readonly sourceId: string;
  readonly status: 'indexed' | 'unchanged' | 'access_changed';
  /** Chunks that the source has now. */
  readonly chunks: number;
  readonly added: number;
  readonly removed: number;
}

export interface IndexContext {
  readonly store: KnowledgeStore;
  readonly embedder: Embedder | undefined;
  readonly chunking: ChunkingOptions;
  readonly onProgress: ((progress: IndexProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

interface PlannedChunk {
  readonly id: string;
  /** What is encoded: the text under its title and headings. */
  readonly encoded: string;
  readonly payload: ChunkPayload;
}

interface Plan {
  readonly result: IndexResult;
  readonly chunks: readonly PlannedChunk[];
  readonly payloads: ReadonlyMap<string, ChunkPayload>;
  readonly stale: readonly string[];
  readonly source: SourcePayload;
}

/**
 * Brings sources into the store. Each is marked as indexed last, after its chunks are stored and its old ones
 * are gone: an interrupted run leaves sources that the next one finishes, with the same points.
 */
export async function indexSources(
  sources: readonly ParsedSource[],
  context: IndexContext,
): Promise<IndexResult[]> {
  const { store, signal } = context;
  const known = await store.sourcesById(
    sources.map(({ id }) => id),
    signal,
  );
  const changed = sources.filter(
    (source) => fingerprintOf(source, context) !== known.get(source.id)?.fingerprint,
  );
  const present =
    changed.length === 0
      ? new Map<string, ChunkPayload>()
      : await store.chunksOf(
          changed.map(({ id }) => id),
          signal,
        );
  const plans: Plan[] = [];
  const settled = new Map<string, IndexResult>();
  for (const source of sources) {
    throwIfAborted(signal);
    const before = known.get(source.id);
    if (before && !changed.includes(source))
      settled.set(source.id, await keepSource(source, before, store, signal));
    else plans.push(await planSource(source, present, context));
  }
  await storeChunks(plans, context);
  for (const { payloads, stale } of plans) {
    await store.overwritePayloads(payloads, signal);
    await store.deletePoints(stale, signal);
  }
  if (plans.length > 0) {
    await store.upsertSources(
      plans.map(({ source }) => source),
      signal,
    );
  }
  for (const { result } of plans) settled.set(result.sourceId, result);
  return sources.flatMap(({ id }) => settled.get(id) ?? []);
}

/** The content is the same; who may read it may not be. */
async function keepSource(
  source: ParsedSource,
  before: SourcePayload,
  store: KnowledgeStore,
  signal: AbortSignal | undefined,
): Promise<IndexResult> {
  const result = { sourceId: source.id, chunks: before.chunks, added: 0, removed: 0 };
  const access = accessPayload(source.access);
  if (sameAccess(access, before.access)) return { ...result, status: 'unchanged' };
  await store.setAccess(source.id, access, signal);
  await store.upsertSources([{ ...before, access }], signal);
  return { ...result, status: 'access_changed' };
}

async function planSource(
  source: ParsedSource,
  present: ReadonlyMap<string, ChunkPayload>,
  context: IndexContext,
): Promise<Plan> {
  const { store, signal } = context;
  const format = source.format ?? detectFormat(source.content, source.fileName);
  const document = await loadDocument(source.content, { format, signal });
  const named = source.title || document.title?.slice(0, 500) || source.fileName;
  // An id names a source, but it says nothing.
  const title = named ?? source.id;
  const access = accessPayload(source.access);
  const old = new Map([...present].filter(([, payload]) => payload.source_id === source.id));
  // Whoever may no longer read the source must not find it while the rest is done.
  if ([...old.values()].some((payload) => !sameAccess(payload.access, access))) {
    await store.setAccess(source.id, access, signal);
  }
  const planned = new Map<string, PlannedChunk>();
  const occurrences = new Map<string, number>();
  for (const chunk of chunkDocument(document, context.chunking)) {
    const encoded = encodedText(named, chunk);
    const hash = sha256(JSON.stringify([SPARSE_VERSION, context.embedder?.identity ?? null, encoded]));
    const occurrence = occurrences.get(hash) ?? 0;
    occurrences.set(hash, occurrence + 1);
    const id = chunkPointId(source.id, hash, occurrence);
    planned.set(id, { id, encoded, payload: payloadOf(source, title, chunk, access) });
    if (planned.size % CHUNKS_A_TURN === 0) {
      await turn();
      throwIfAborted(signal);
    }
  }
  const chunks = [...planned.values()].filter(({ id }) => !old.has(id));
  const moved = [...planned.values()].filter(({ id, payload }) => {
    const stored = old.get(id);
    return stored !== undefined && !samePayload(stored, payload);
  });
  const stale = [...old.keys()].filter((id) => !planned.has(id));
  return {
    result: {
      sourceId: source.id,
      status: 'indexed',
      chunks: planned.size,
      added: chunks.length,
      removed: stale.length,
    },
    chunks,
    payloads: new Map(moved.map(({ id, payload }) => [id, payload])),
    stale,
    source: {
      kind: 'source',
      source_id: source.id,
      title,
      ...(source.url === undefined ? {} : { url: source.url }),
      format,
      fingerprint: fingerprintOf(source, context),
      chunks: planned.size,
      characters: document.text.length,
      access,
      indexed_at: new Date().toISOString(),
    },
  };
}

async function storeChunks(
  plans: readonly Plan[],
  { store, embedder, onProgress, signal }: IndexContext,
): Promise<void> {
  const all = plans.flatMap(({ chunks }) => chunks);
  const size = embedder?.batchSize ?? SPARSE_BATCH;
  for (let start = 0; start < all.length; start += size) {
    throwIfAborted(signal);
    const batch = all.slice(start, start + size);
    const vectors = await embedder?.embed(
      batch.map(({ encoded }) => encoded),
      signal,
    );
    const points = batch.map(({ id, encoded, payload }, index): ChunkPoint => ({
      id,
      dense: vectors?.[index],
      sparse: documentVector(encoded),
      payload,
    }));
    await store.upsertChunks(points, signal);
    const sourceId = batch.at(-1)?.payload.source_id ?? '';
    onProgress?.({ sourceId, done: Math.min(all.length, start + size), total: all.length });
  }
}

/** A passage is found by its title and headings too. */
function encodedText(title: string | undefined, { text, headings, tableHeader }: Chunk): string {
  const context = [title ?? '', ...headings.filter((heading) => heading !== title), tableHeader ?? ''];
  return [...context.filter((part) => part !== ''), text].join('\n');
}

function payloadOf(
  source: ParsedSource,
  title: string,
  { text, start, end, headings, page }: Chunk,
  access: ChunkPayload['access'],
): ChunkPayload {
  return {
    kind: 'chunk',
    source_id: source.id,
    title,
    ...(source.url === undefined ? {} : { url: source.url }),
    text,
    start,
    end,
    headings: [...headings],
    ...(page === undefined ? {} : { page }),
    access,
  };
}

/** Text, title and headings are in the point's id. */
function samePayload(a: ChunkPayload, b: ChunkPayload): boolean {
  return (
    a.start === b.start &&
    a.end === b.end &&
    a.url === b.url &&
    a.page === b.page &&
    sameAccess(a.access, b.access)
  );
}

function fingerprintOf(source: ParsedSource, { embedder, chunking }: IndexContext): string {
  const { title, url, format, fileName, content } = source;
  const settings = [PIPELINE_VERSION, SPARSE_VERSION, embedder?.identity ?? null, chunking.maxTokens];
  const parts = [
    ...settings,
    chunking.overlapTokens,
    title ?? null,
    url ?? null,
    format ?? null,
    fileName ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).update('\n').update(content).digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
