import type { Embedded, Model } from './model';

/** Most texts that go through the model at once; more only costs memory. */
const BATCH = 32;

interface Job {
  readonly text: string;
  readonly resolve: (vector: readonly number[], tokens: number) => void;
  readonly reject: (error: unknown) => void;
}

export class QueueFullError extends Error {}

/**
 * Puts the texts of concurrent requests into common batches: one model call for thirty small requests
 * costs little more than one for one.
 */
export class Batcher {
  private readonly queue: Job[] = [];
  private running = false;

  constructor(
    private readonly model: Model,
    private readonly limit: number,
  ) {}

  get waiting(): number {
    return this.queue.length;
  }

  /** @throws QueueFullError when more than `limit` texts wait already. */
  async embed(texts: readonly string[]): Promise<Embedded> {
    if (this.queue.length + texts.length > this.limit) throw new QueueFullError();
    let tokens = 0;
    const vectors = await Promise.all(
      texts.map(
        (text) =>
          new Promise<readonly number[]>((resolve, reject) => {
            this.queue.push({
              text,
              resolve: (vector, count) => {
                tokens += count;
                resolve(vector);
              },
              reject,
            });
            void this.drain();
          }),
      ),
    );
    return { vectors, tokens };
  }

  private async drain(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      // One turn of the event loop lets requests that arrive together share the batch.
      await new Promise((resolve) => setImmediate(resolve));
      while (this.queue.length > 0) {
        const jobs = this.queue.splice(0, BATCH);
        try {
          const { vectors, tokens } = await this.model.embed(jobs.map((job) => job.text));
          jobs.forEach((job, i) => job.resolve(vectors[i] ?? [], tokens / jobs.length));
        } catch (error) {
          for (const job of jobs) job.reject(error);
        }
      }
    } finally {
      this.running = false;
    }
  }
}
