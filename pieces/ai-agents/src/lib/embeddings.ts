import { BizError, withRetry } from '@bizstack/piece-common';
import { z } from 'zod';
import { type Connection, notConfigured } from './connection';
import { httpUrl, sendJson } from './http';

/** Texts per request; providers take 96 to 2,048. */
const BATCH_SIZE = 64;
const TIMEOUT_MS = 120_000;

const answerSchema = z.looseObject({
  data: z.array(z.looseObject({ index: z.int().min(0), embedding: z.array(z.number()).min(1) })),
});

/**
 * Vectors of texts, in their order, from an OpenAI-compatible endpoint.
 * @throws BizError `BIZ_AI_NOT_CONFIGURED`, `BIZ_INPUT_INVALID` for an empty text, `BIZ_EMBEDDINGS_…`
 */
export async function embedTexts(connection: Connection, texts: readonly string[]): Promise<number[][]> {
  const blank = texts.findIndex((text) => text.trim() === '');
  if (blank >= 0) {
    throw new BizError('BIZ_INPUT_INVALID', `Text ${blank + 1} of ${texts.length} is empty.`, {
      hint: 'Leave such texts out; nothing can be found by them.',
    });
  }
  const vectors: number[][] = [];
  for (let start = 0; start < texts.length; start += BATCH_SIZE) {
    const batch = texts.slice(start, start + BATCH_SIZE);
    vectors.push(
      ...(await withRetry(() => embedBatch(connection, batch), { attempts: 4, baseDelayMs: 500 })),
    );
  }
  return vectors;
}

async function embedBatch(connection: Connection, input: readonly string[]): Promise<number[][]> {
  const { embeddingsUrl, embeddingsModel, embeddingsApiKey } = connection;
  if (embeddingsUrl === undefined || embeddingsModel === undefined) {
    throw notConfigured('embeddings', 'Fill in Embeddings URL and Embeddings Model there.');
  }
  const { data } = await sendJson({
    name: 'Embeddings',
    area: 'BIZ_EMBEDDINGS',
    url: endpoint(embeddingsUrl),
    headers: embeddingsApiKey === undefined ? {} : { authorization: `Bearer ${embeddingsApiKey}` },
    body: { model: embeddingsModel, input, encoding_format: 'float' },
    timeoutMs: TIMEOUT_MS,
    schema: answerSchema,
  });
  const vectors = [...data].sort((a, b) => a.index - b.index).map((each) => each.embedding);
  if (vectors.length !== input.length || new Set(vectors.map((vector) => vector.length)).size !== 1) {
    throw new BizError(
      'BIZ_EMBEDDINGS_ANSWER_UNEXPECTED',
      `Embeddings: ${vectors.length} vectors, or vectors of different lengths, for ${input.length} texts.`,
    );
  }
  return vectors;
}

/** `…/embeddings`, whichever part of that the user wrote. */
function endpoint(text: string): string {
  const url = httpUrl('Embeddings URL', text);
  const path = url.pathname.replace(/\/+$/, '');
  if (path === '') url.pathname = '/v1/embeddings';
  else if (!path.endsWith('/embeddings')) url.pathname = `${path}/embeddings`;
  return url.toString();
}
