import type { StoreBackend } from '../context/store';
import { Journal } from './journal';
import {
  isEnded,
  isSettled,
  type JournalEntry,
  type RunRecord,
  type Snapshot,
  type StoreChanges,
  type TriggerState,
} from './records';

export interface StateOptions {
  /** Ended runs that are kept; failed ones stay longest. */
  keepRuns?: number;
  compactAtBytes?: number;
}

/** Everything a runner must not forget: runs, store, triggers. Memory is the truth, the journal its copy. */
export class RunnerState {
  readonly runs = new Map<string, RunRecord>();
  private readonly entries = new Map<string, string>();
  private readonly triggers = new Map<string, TriggerState>();
  private readonly keepRuns: number;

  private constructor(private readonly options: StateOptions) {
    this.keepRuns = options.keepRuns ?? 1_000;
  }

  private journal!: Journal;

  static async open(directory: string, options: StateOptions = {}): Promise<RunnerState> {
    const state = new RunnerState(options);
    state.journal = await Journal.open(
      directory,
      (snapshot, entries) => {
        state.restore(snapshot);
        for (const entry of entries) state.apply(entry);
      },
      options.compactAtBytes,
    );
    return state;
  }

  /** The store that actions and hooks write to: a put is durable when it resolves. */
  readonly store: StoreBackend = {
    get: async (key) => this.entries.get(key),
    set: async (key, value) => this.commit({ type: 'store', store: [[key, value ?? null]] }),
  };

  /**
   * A view whose changes stay in memory until they are taken: what a trigger writes during a poll becomes durable
   * together with the runs of that poll, or not at all.
   */
  buffered(): { store: StoreBackend; take(): StoreChanges } {
    const changes = new Map<string, string | undefined>();
    return {
      store: {
        get: async (key) => (changes.has(key) ? changes.get(key) : this.entries.get(key)),
        set: async (key, value) => {
          changes.set(key, value);
        },
      },
      take: () => [...changes].map(([key, value]) => [key, value ?? null]),
    };
  }

  async addRuns(runs: RunRecord[], store: StoreChanges = []): Promise<void> {
    if (runs.length === 0 && store.length === 0) return;
    await this.commit({ type: 'runs', runs, ...(store.length > 0 ? { store } : {}) });
  }

  async saveRun(run: RunRecord): Promise<void> {
    await this.commit({ type: 'run', run });
  }

  triggerState(flow: string): TriggerState | undefined {
    return this.triggers.get(flow);
  }

  async saveTrigger(flow: string, state: TriggerState): Promise<void> {
    await this.commit({ type: 'trigger', flow, state });
  }

  /** Runs that a crash or a stop left undone, oldest first. */
  unsettled(): RunRecord[] {
    return [...this.runs.values()].filter((run) => !isSettled(run));
  }

  async close(): Promise<void> {
    await this.journal.close();
  }

  private async commit(entry: JournalEntry): Promise<void> {
    // Applied first: nobody else reads the disk, and the caller waits for the disk before it goes on.
    this.apply(entry);
    await this.journal.append(entry);
    if (this.journal.wantsCompaction) await this.journal.compact(() => this.snapshot());
  }

  private apply(entry: JournalEntry): void {
    switch (entry.type) {
      case 'runs':
        this.applyStore(entry.store ?? []);
        for (const run of entry.runs) this.runs.set(run.id, run);
        break;
      case 'run':
        this.runs.set(entry.run.id, entry.run);
        if (isEnded(entry.run)) this.prune();
        break;
      case 'store':
        this.applyStore(entry.store);
        break;
      case 'trigger':
        this.triggers.set(entry.flow, entry.state);
        break;
    }
  }

  private applyStore(changes: StoreChanges): void {
    for (const [key, value] of changes) {
      if (value === null) this.entries.delete(key);
      else this.entries.set(key, value);
    }
  }

  private prune(): void {
    let surplus = this.runs.size - this.keepRuns;
    // Only every hundredth time: pruning walks all runs.
    if (surplus < 100) return;
    for (const failedToo of [false, true]) {
      for (const run of this.runs.values()) {
        if (surplus <= 0) return;
        if (!isEnded(run) || (run.status !== 'SUCCEEDED' && !failedToo)) continue;
        this.runs.delete(run.id);
        surplus -= 1;
      }
    }
  }

  private snapshot(): Snapshot {
    return {
      store: Object.fromEntries(this.entries),
      runs: [...this.runs.values()],
      triggers: Object.fromEntries(this.triggers),
    };
  }

  private restore(snapshot: Snapshot): void {
    for (const run of snapshot.runs) this.runs.set(run.id, run);
    for (const [key, value] of Object.entries(snapshot.store)) this.entries.set(key, value);
    for (const [flow, state] of Object.entries(snapshot.triggers)) this.triggers.set(flow, state);
  }
}
