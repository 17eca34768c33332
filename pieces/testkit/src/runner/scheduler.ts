/** Work with an optional key; items of one key are done one after the other, in the order of `add`. */
export interface Job {
  key: string | undefined;
  work(): Promise<void>;
}

/** Runs jobs, at most `concurrency` at a time. */
export class Scheduler {
  private readonly ready: Job[] = [];
  /** Jobs behind the one that holds their key. */
  private readonly behind = new Map<string, Job[]>();
  private active = 0;
  private stopped = false;
  private idleWaiters: Array<() => void> = [];

  constructor(private readonly concurrency: number) {}

  /** Jobs that have not ended. */
  get size(): number {
    let waiting = this.ready.length + this.active;
    for (const jobs of this.behind.values()) waiting += jobs.length;
    return waiting;
  }

  get running(): number {
    return this.active;
  }

  add(job: Job): void {
    const queue = job.key === undefined ? undefined : this.behind.get(job.key);
    if (queue !== undefined) {
      queue.push(job);
      return;
    }
    if (job.key !== undefined) this.behind.set(job.key, []);
    this.ready.push(job);
    this.pump();
  }

  /** Starts nothing more; resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.active === 0) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  private pump(): void {
    while (!this.stopped && this.active < this.concurrency) {
      const job = this.ready.shift();
      if (job === undefined) return;
      this.active += 1;
      void job.work().finally(() => this.done(job));
    }
  }

  private done(job: Job): void {
    this.active -= 1;
    if (job.key !== undefined) {
      const next = this.behind.get(job.key)?.shift();
      if (next === undefined) this.behind.delete(job.key);
      else this.ready.push(next);
    }
    if (this.active === 0) {
      for (const resolve of this.idleWaiters) resolve();
      this.idleWaiters = [];
    }
    this.pump();
  }
}
