import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { type HttpAnswer, originOf, parseJson, retried, send } from './http';

export const embeddingsSchema = z.object({
  /** OpenAI-compatible: the base URL, `…/v1` or `…/v1/embeddings`. */
  url: z.url({ protocol: /^https?$/ }),
  apiKey: z.string().optional(),
  model: z.string().min(1),
  /** Asked of models that can shorten their vectors, and checked in every answer. */
  dimensions: z.number().int().min(1).max(65_536).optional(),
  /** Texts of one request. */
  batchSize: z.number().int().min(1).max(2048).default(64),
  /** Milliseconds for one request. */
  timeoutMs: z.number().int().min(100).max(600_000).default(120_000),
});

export type EmbeddingsOptions = z.input<typeof embeddingsSchema>;

const answerSchema = z.looseObject({
  data: z.array(z.looseObject({ index: z.number().int().min(0), embedding: z.array(z.number()).min(1) })),
});
const errorSchema = z.looseObject({ error: z.looseObject({ message: z.string() }) });

/** Texts to vectors, by an OpenAI-compatible endpoint. */
export class Embedder {
  private readonly options: z.output<typeof embeddingsSchema>;
  private readonly endpoint: string;

  constructor(options: EmbeddingsOptions) {
    this.options = embeddingsSchema.parse(options);
    this.endpoint = endpointOf(this.options.url);
  }

  /** What vectors depend on. */
  get identity(): string {
    return `${this.options.model}/${this.options.dimensions ?? 'own'}`;
  }

  get batchSize(): number {
    return this.options.batchSize;
  }

  /**
   * Vectors in the order of the texts, none of which may be empty. Overload and network failures are repeated.
   * @throws BizError `BIZ_EMBEDDINGS_…`, `BIZ_RETRIEVAL_ABORTED`
   */
  async embed(texts: readonly string[], signal: AbortSignal | undefined): Promise<number[][]> {
    const vectors: number[][] = [];
    for (let start = 0; start < texts.length; start += this.batchSize) {
      const batch = texts.slice(start, start + this.batchSize);
      vectors.push(...(await retried(() => this.embedBatch(batch, signal), signal)));
    }
    return vectors;
  }

  private async embedBatch(texts: readonly string[], signal: AbortSignal | undefined): Promise<number[][]> {
    const { apiKey, model, dimensions, timeoutMs } = this.options;
    const answer = await send({
      method: 'POST',
      url: this.endpoint,
      headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {},
      body: { model, input: texts, encoding_format: 'float', ...(dimensions ? { dimensions } : {}) },
      timeoutMs,
      signal,
      area: 'BIZ_EMBEDDINGS',
    });
    if (answer.status >= 400) throw statusError(answer, originOf(this.endpoint));
    return this.readVectors(answer.text, texts.length);
  }

  private readVectors(text: string, count: number): number[][] {
    const parsed = answerSchema.safeParse(parseJson(text));
    if (!parsed.success) throw this.unexpected(z.prettifyError(parsed.error), parsed.error);
    const vectors = [...parsed.data.data].sort((a, b) => a.index - b.index).map((each) => each.embedding);
    if (vectors.length !== count) throw this.unexpected(`${vectors.length} vectors for ${count} texts`);
    const length = this.options.dimensions ?? vectors[0]?.length;
    const other = vectors.find((vector) => vector.length !== length);
    if (other) {
      const message = `The model gave ${other.length} dimensions, not ${length}.`;
      throw new BizError('BIZ_EMBEDDINGS_DIMENSIONS', message, { hint: 'Check model and dimensions.' });
    }
    return vectors;
  }

  private unexpected(problem: string, cause?: unknown): BizError {
    const where = originOf(this.endpoint);
    const message = `${where} does not answer like an OpenAI-compatible embeddings endpoint: ${problem}.`;
    return new BizError('BIZ_EMBEDDINGS_ANSWER_UNEXPECTED', message, { cause });
  }
}

function endpointOf(url: string): string {
  const base = new URL(url);
  const path = base.pathname.replace(/\/+$/, '');
  if (path === '') base.pathname = '/v1/embeddings';
  else if (!path.endsWith('/embeddings')) base.pathname = `${path}/embeddings`;
  return base.toString();
}

function statusError({ status, text, retryAfterMs }: HttpAnswer, where: string): BizError {
  const parsed = errorSchema.safeParse(parseJson(text));
  const said = parsed.success ? parsed.data.error.message.slice(0, 300) : `status ${status}`;
  if (status === 401 || status === 403) {
    return new BizError('BIZ_EMBEDDINGS_UNAUTHORIZED', `${where} refused the API key (${status}).`, {
      hint: 'Check the embeddings API key.',
      details: { status },
    });
  }
  const details = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (status === 429) {
    const message = `${where} takes no more requests now: ${said}`;
    return new BizError('BIZ_EMBEDDINGS_RATE_LIMITED', message, { retryable: true, details });
  }
  const message = `${where} made no embeddings: ${said}`;
  return new BizError('BIZ_EMBEDDINGS_FAILED', message, { retryable: status >= 500, details });
}
