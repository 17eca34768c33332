import { parseArgs } from 'node:util';
import { randomUUID } from 'node:crypto';
import { BizError, messageOf } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';
import { createKnowledgeBase, type KnowledgeBaseOptions, type SearchMode } from '../retrieval';
import { deleteCollection } from '../retrieval/qdrant/delete-collection';
import { meanMetrics, type RankingMetrics } from './ranking-metrics';
import { readCorpus, readQrels, readQueries, type LabelledSet } from './retrieval-files';

const USAGE =
  'Usage: npm run eval -- retrieval --corpus <jsonl> --queries <jsonl> --qrels <tsv> [--hit 1,5,10] [--json]';
const MODES: readonly SearchMode[] = ['dense', 'sparse', 'hybrid'];
/** Documents of a ranking; recall is taken there. */
const DEPTH = 100;
/** Passages that are asked for, so that DEPTH documents are among them though some have several. */
const PASSAGES = 300;
const PARALLEL = 4;

const optionsSchema = z.object({
  corpus: z.string(),
  queries: z.string(),
  qrels: z.string(),
  hit: z
    .string()
    .regex(/^\d+(,\d+)*$/, 'must be numbers with commas, for example 1,5,10')
    .transform((text) => text.split(',').map(Number))
    .pipe(z.array(z.number().int().min(1).max(DEPTH)))
    .default([]),
  json: z.boolean().default(false),
});

const environmentSchema = z.object({
  BIZSTACK_QDRANT_URL: z.string(),
  BIZSTACK_QDRANT_API_KEY: z.string().optional(),
  BIZSTACK_EMBEDDINGS_URL: z.string().optional(),
  BIZSTACK_EMBEDDINGS_API_KEY: z.string().optional(),
  BIZSTACK_EMBEDDINGS_MODEL: z.string().optional(),
});

export type RetrievalResult = Partial<Record<SearchMode, RankingMetrics>>;

/** Indexes a labelled corpus and prints how well its queries find it; without an embeddings endpoint `sparse` only. */
export async function evalRetrieval(args: string[]): Promise<void> {
  const { json, hit, ...files } = readOptions(args);
  const set: LabelledSet = {
    corpus: await readCorpus(files.corpus),
    queries: await readQueries(files.queries),
    qrels: await readQrels(files.qrels),
  };
  const result = await measureRetrieval(set, connectionOf(process.env), hit);
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : table(result));
}

/** Metrics of each mode on a labelled set, indexed into a collection that is deleted afterwards. */
export async function measureRetrieval(
  { corpus, queries, qrels }: LabelledSet,
  connection: Omit<KnowledgeBaseOptions, 'qdrant'> & { qdrant: { url: string; apiKey?: string | undefined } },
  hits: readonly number[],
): Promise<RetrievalResult> {
  const qdrant = { ...connection.qdrant, collection: `eval-${randomUUID()}` };
  const knowledge = createKnowledgeBase({ ...connection, qdrant });
  const judged = queries.filter(({ id }) => [...(qrels.get(id)?.values() ?? [])].some((grade) => grade > 0));
  if (judged.length === 0) {
    throw new BizError('BIZ_EVAL_FILE_INVALID', 'No query has a relevant document in the qrels.', {
      hint: 'Check that the ids of the queries are those of the qrels.',
    });
  }
  try {
    let indexed = 0;
    const report = (): void =>
      void process.stderr.write(`indexed ${indexed} of ${corpus.length} documents\n`);
    const sources = function* () {
      for (const { id, title, text } of corpus) {
        yield { id, title, content: text, format: 'text' as const };
        indexed += 1;
        if (indexed % 500 === 0) report();
      }
    };
    await knowledge.indexAll(sources());
    report();
    const result: RetrievalResult = {};
    for (const mode of MODES) {
      if (mode !== 'sparse' && !connection.embeddings) continue;
      const started = performance.now();
      const rankings = await mapParallel(judged, PARALLEL, async ({ id, text }) => {
        const passages = await knowledge.search(text, { mode, limit: PASSAGES });
        const documents = [...new Set(passages.map(({ sourceId }) => sourceId))].slice(0, DEPTH);
        return { documents, grades: qrels.get(id) ?? new Map<string, number>() };
      });
      result[mode] = meanMetrics(rankings, hits);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stderr.write(`${mode}: ${judged.length} queries in ${seconds} s\n`);
    }
    return result;
  } finally {
    await deleteCollection(qdrant);
  }
}

function connectionOf(env: NodeJS.ProcessEnv): Omit<KnowledgeBaseOptions, 'qdrant'> & {
  qdrant: { url: string; apiKey?: string | undefined };
} {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success) {
    throw new BizError('BIZ_EVAL_USAGE', 'retrieval: BIZSTACK_QDRANT_URL names no Qdrant.', {
      hint: 'Run it by "npm run eval -- retrieval …", which starts one.',
      cause: parsed.error,
    });
  }
  const {
    BIZSTACK_QDRANT_URL: url,
    BIZSTACK_QDRANT_API_KEY: apiKey,
    BIZSTACK_EMBEDDINGS_URL: embeddingsUrl,
    BIZSTACK_EMBEDDINGS_API_KEY: embeddingsKey,
    BIZSTACK_EMBEDDINGS_MODEL: model,
  } = parsed.data;
  const embeddings =
    embeddingsUrl && model ? { url: embeddingsUrl, apiKey: embeddingsKey, model } : undefined;
  return { qdrant: { url, apiKey }, ...(embeddings ? { embeddings } : {}) };
}

function readOptions(args: string[]): z.output<typeof optionsSchema> {
  const text = { type: 'string' } as const;
  try {
    const options = { corpus: text, queries: text, qrels: text, hit: text };
    return optionsSchema.parse(
      parseArgs({ args, options: { ...options, json: { type: 'boolean' } } }).values,
    );
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new BizError('BIZ_EVAL_USAGE', `retrieval: ${problem}`, { hint: USAGE, cause });
  }
}

async function mapParallel<T, R>(
  items: readonly T[],
  parallel: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results;
}

function table(result: RetrievalResult): string {
  const line = (cells: readonly string[]): string =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(10) : cell.padStart(12))).join('');
  const rows = MODES.flatMap((mode) => {
    const metrics = result[mode];
    return metrics ? [{ mode, metrics: Object.entries<number>({ ...metrics }) }] : [];
  });
  const names = rows[0]?.metrics.map(([name]) => name) ?? [];
  const lines = rows.map(({ mode, metrics }) =>
    line([mode, ...metrics.map(([, value]) => value.toFixed(4))]),
  );
  return [line(['mode', ...names]), ...lines, ''].join('\n');
}
