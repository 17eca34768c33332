import { failure } from '../errors';

/** Bounds how many statements run at once; the others wait in order. */
export class Slots {
  #free: number;
  readonly #total: number;
  readonly #maxWaiting: number;
  readonly #waitMs: number;
  readonly #waiting: ((granted: boolean) => void)[] = [];

  /** @param waitMs how long a statement may wait, milliseconds */
  constructor(total: number, maxWaiting: number, waitMs: number) {
    this.#free = total;
    this.#total = total;
    this.#maxWaiting = maxWaiting;
    this.#waitMs = waitMs;
  }

  /**
   * Waits for a slot and returns the function that gives it back.
   * @throws ClickHouseError 202 when the queue is full or the wait was too long
   */
  async take(signal: AbortSignal): Promise<() => void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return this.#releaser();
    }
    if (this.#waiting.length >= this.#maxWaiting) throw this.#tooMany('the queue is full');
    const granted = await this.#wait(signal);
    if (signal.aborted) {
      if (granted) this.#giveBack();
      throw failure('QUERY_WAS_CANCELLED', 'The client went away while the query was waiting.');
    }
    if (!granted) throw this.#tooMany(`no slot became free within ${this.#waitMs} ms`);
    return this.#releaser();
  }

  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (granted: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        resolve(granted);
      };
      const leave = (): void => {
        const index = this.#waiting.indexOf(settle);
        if (index >= 0) this.#waiting.splice(index, 1);
        settle(false);
      };
      const timer = setTimeout(leave, this.#waitMs);
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(settle);
    });
  }

  #releaser(): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#giveBack();
    };
  }

  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next(true);
  }

  #tooMany(why: string): Error {
    return failure(
      'TOO_MANY_SIMULTANEOUS_QUERIES',
      `Too many simultaneous queries: ${this.#total} run at once and ${why}. Try again later.`,
    );
  }
}
