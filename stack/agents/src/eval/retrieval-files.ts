import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BizError, messageOf } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';

const idSchema = z.union([z.string().min(1), z.number()]).transform(String);
const documentSchema = z.object({ _id: idSchema, title: z.string().nullish(), text: z.string() });
const querySchema = z.object({ _id: idSchema, text: z.string().trim().min(1) });

export interface LabelledSet {
  readonly corpus: readonly { id: string; title: string; text: string }[];
  readonly queries: readonly { id: string; text: string }[];
  /** Grades by query id and document id; above 0 is relevant. */
  readonly qrels: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Lines `{_id, title, text}`. Documents without any text are left out. @throws BizError `BIZ_EVAL_FILE_INVALID` */
export async function readCorpus(file: string): Promise<LabelledSet['corpus']> {
  const documents = await readJsonLines(file, documentSchema);
  return documents
    .map(({ _id, title, text }) => {
      const named = (title ?? '').trim();
      return { id: _id, title: named.slice(0, 500), text: text.trim() === '' ? named : text };
    })
    .filter(({ text }) => text !== '');
}

/** Lines `{_id, text}`. @throws BizError `BIZ_EVAL_FILE_INVALID` */
export async function readQueries(file: string): Promise<LabelledSet['queries']> {
  return (await readJsonLines(file, querySchema)).map(({ _id, text }) => ({
    id: _id,
    text: text.slice(0, 10_000),
  }));
}

/**
 * Lines `query-id <tab> corpus-id <tab> score`, with or without a header; TREC's four columns too.
 * @throws BizError `BIZ_EVAL_FILE_INVALID`
 */
export async function readQrels(file: string): Promise<LabelledSet['qrels']> {
  const { path, lines } = await readLines(file);
  const qrels = new Map<string, Map<string, number>>();
  for (const [index, line] of lines.entries()) {
    const cells = line.trim().split(/\t|\s+/);
    const [query, document] = [cells[0], cells.length === 4 ? cells[2] : cells[1]];
    const grade = Number(cells.at(-1));
    if (
      query === undefined ||
      document === undefined ||
      cells.length < 3 ||
      cells.length > 4 ||
      Number.isNaN(grade)
    ) {
      if (index === 0) continue;
      throw invalid(path, `line ${index + 1} is not "query-id, corpus-id, score"`);
    }
    const grades = qrels.get(query) ?? new Map<string, number>();
    qrels.set(query, grades.set(document, grade));
  }
  if (qrels.size === 0) throw invalid(path, 'it has no judgements');
  return qrels;
}

async function readJsonLines<T>(file: string, schema: z.ZodType<T>): Promise<T[]> {
  const { path, lines } = await readLines(file);
  const rows = lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [schema.parse(JSON.parse(line))];
    } catch (cause) {
      const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
      throw invalid(path, `line ${index + 1}: ${problem}`, cause);
    }
  });
  if (rows.length === 0) throw invalid(path, 'it has no lines');
  return rows;
}

async function readLines(file: string): Promise<{ path: string; lines: string[] }> {
  const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), file);
  try {
    const text = (await readFile(path, 'utf8')).replace(/^\ufeff/, '').trimEnd();
    return { path, lines: text === '' ? [] : text.split(/\r?\n/) };
  } catch (cause) {
    throw invalid(path, messageOf(cause), cause);
  }
}

function invalid(path: string, problem: string, cause?: unknown): BizError {
  return new BizError('BIZ_EVAL_FILE_INVALID', `${path} cannot be used: ${problem}.`, {
    hint: 'Give files in the shape of BEIR: corpus {_id, title, text}, queries {_id, text}, qrels as TSV.',
    cause,
  });
}
