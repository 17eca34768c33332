import { BizError, isBizError, sleep, withRetry } from '@bizstack/piece-common';
import { z } from 'zod';
import { type HttpAnswer, originOf, parseBaseUrl, send } from './http';
import { mapParallel } from './parallel';

/** Texts per request; providers take 96 to 2,048. */
const BATCH_SIZE = 64;
const PARALLEL = 2;
const TIMEOUT_MS = 120_000;
/** A provider that asks for a longer pause than this is answered with an error instead. */
const LONGEST_PAUSE_MS = 30_000;

export interface EmbeddingsSettings {
  url: string;
  apiKey?: string | undefined;
  model: string;
  /** Asked of models that can shorten their vectors, and checked in every answer. */
  dimensions?: number | undefined;
}

const answerSchema = z.looseObject({
  data: z.array(z.looseObject({ index: z.number().int().min(0), embedding: z.array(z.number()).min(1) })),
});
const errorSchema = z.looseObject({ error: z.looseObject({ message: z.string() }) });

/**
 * Vectors of texts, in their order, from an OpenAI-compatible endpoint.
 * @throws BizError `BIZ_EMBEDDINGS_…`
 */
export async function embedTexts(
  settings: EmbeddingsSettings,
  texts: readonly string[],
): Promise<number[][]> {
  const blank = texts.findIndex((text) => text.trim() === '');
  if (blank >= 0) {
    throw new BizError('BIZ_EMBEDDINGS_TEXT_EMPTY', `Text ${blank + 1} of ${texts.length} is empty.`, {
      hint: 'Leave such texts out; nothing can be found by them.',
    });
  }
  const starts = Array.from(
    { length: Math.ceil(texts.length / BATCH_SIZE) },
    (_, index) => index * BATCH_SIZE,
  );
  const batches = await mapParallel(starts, PARALLEL, (start) =>
    withRetry(() => embedBatch(settings, texts.slice(start, start + BATCH_SIZE)), {
      attempts: 4,
      baseDelayMs: 500,
    }),
  );
  return batches.flat();
}

/** Where texts go: `…/embeddings`, whichever part of that the user wrote. */
export function embeddingsEndpoint(url: string): string {
  const base = parseBaseUrl('Embeddings URL', url);
  const path = base.pathname.replace(/\/$/, '');
  if (path === '') base.pathname = '/v1/embeddings';
  else if (!path.endsWith('/embeddings')) base.pathname = `${path}/embeddings`;
  return base.toString();
}

async function embedBatch(settings: EmbeddingsSettings, texts: readonly string[]): Promise<number[][]> {
  const { apiKey, model, dimensions } = settings;
  const url = embeddingsEndpoint(settings.url);
  const answer = await send({
    method: 'POST',
    url,
    headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {},
    body: { model, input: texts, encoding_format: 'float', ...(dimensions ? { dimensions } : {}) },
    timeoutMs: TIMEOUT_MS,
    area: 'BIZ_EMBEDDINGS',
  });
  if (answer.status >= 400) {
    const error = statusError(answer, url);
    if (isBizError(error, 'BIZ_EMBEDDINGS_RATE_LIMITED')) await pause(answer.headers, error);
    throw error;
  }
  return readVectors(answer, texts.length, settings);
}

/** Waits as long as the provider asks. The back-off of the retry comes on top. */
async function pause(headers: Headers, error: BizError): Promise<void> {
  const seconds = Number(headers.get('retry-after') ?? 0);
  if (!Number.isFinite(seconds) || seconds <= 0) return;
  if (seconds * 1000 > LONGEST_PAUSE_MS) {
    throw new BizError(error.code, error.message, { hint: `It asks to wait ${seconds} s.`, cause: error });
  }
  await sleep(seconds * 1000);
}

function readVectors({ text }: HttpAnswer, count: number, settings: EmbeddingsSettings): number[][] {
  const where = originOf(settings.url);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unexpected(where, 'the answer is not JSON', cause);
  }
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) throw unexpected(where, z.prettifyError(parsed.error), parsed.error);
  const vectors = [...parsed.data.data].sort((a, b) => a.index - b.index).map((each) => each.embedding);
  if (vectors.length !== count) throw unexpected(where, `${vectors.length} vectors for ${count} texts`);
  const length = settings.dimensions ?? vectors[0]?.length;
  const other = vectors.find((vector) => vector.length !== length);
  if (other) {
    throw new BizError(
      'BIZ_EMBEDDINGS_DIMENSIONS',
      `The model gave ${other.length} dimensions, not ${length}.`,
      {
        hint: 'Check model and dimensions of the connection.',
      },
    );
  }
  return vectors;
}

function unexpected(where: string, problem: string, cause?: unknown): BizError {
  const message = `${where} does not answer like an OpenAI-compatible embeddings endpoint: ${problem}.`;
  return new BizError('BIZ_EMBEDDINGS_ANSWER_UNEXPECTED', message, { cause });
}

function statusError({ status, text }: HttpAnswer, url: string): BizError {
  const where = originOf(url);
  const said = serverMessage(text) ?? `status ${status}`;
  const details = { status };
  if (status === 401 || status === 403) {
    return new BizError(
      'BIZ_EMBEDDINGS_UNAUTHORIZED',
      `${where} refused the embeddings API key (${status}).`,
      {
        hint: 'Check the embeddings API key of the connection.',
        details,
      },
    );
  }
  if (status === 429) {
    const message = `${where} takes no more embeddings requests now: ${said}`;
    return new BizError('BIZ_EMBEDDINGS_RATE_LIMITED', message, { retryable: true, details });
  }
  const message = `${where} made no embeddings: ${said}`;
  return new BizError('BIZ_EMBEDDINGS_FAILED', message, { retryable: status >= 500, details });
}

function serverMessage(text: string): string | undefined {
  try {
    const parsed = errorSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.error.message.slice(0, 300) : undefined;
  } catch {
    return undefined;
  }
}
