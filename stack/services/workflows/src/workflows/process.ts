import {
  allHandlersFinished,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { z } from 'zod';
import type { TimelineEntry, WaitingFor } from '../client/names';
import { Board, type BoardState, type View } from './board';
import { parseInput, refuse } from './input';
import { Mutex } from './mutex';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Events after which a run is continued in a new one, below the server's own suggestion. */
const LONG_HISTORY = 2_000;

type Schemas = Readonly<Record<string, z.ZodType>>;

/** One change that a person or another program asks for. */
export interface Change<I> {
  /** Throws `refuse(…)` when the state does not allow it. Called in the validator and again before `run`. */
  readonly allow: (input: I) => void;
  readonly run: (input: I) => Promise<void>;
}

export type Changes<S extends Schemas> = { readonly [N in keyof S]: Change<z.output<S[N]>> };

/** Something that the workflow does by itself at a time. */
export interface Deadline {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly act: () => Promise<void>;
}

/** Main loop, handlers and visibility that the three workflows share. */
export abstract class Process<State> {
  protected readonly board: Board;
  protected readonly workflowId = workflowInfo().workflowId;
  private readonly mutex = new Mutex();
  private version = 0;
  private compacting = false;

  constructor(carried: BoardState | undefined) {
    this.board = new Board(this.workflowId, carried);
    setHandler(defineQuery<State>('state'), () => this.state());
    setHandler(defineQuery<readonly TimelineEntry[]>('timeline'), () => this.board.timeline);
    setHandler(defineQuery<WaitingFor | null>('bizWaitingFor'), () => this.board.waitingFor);
  }

  abstract state(): State;
  protected abstract view(): View;
  protected abstract finished(): boolean;
  /** The earliest; undefined while only a person can go on. */
  protected abstract next(): Deadline | undefined;

  protected now(): string {
    return new Date().toISOString();
  }

  /** The parts of an activity's input that every step has. */
  protected step(name: string): { workflowId: string; step: string; at: string } {
    return { workflowId: this.workflowId, step: name, at: this.now() };
  }

  protected handleUpdates<S extends Schemas>(schemas: S, changes: Changes<S>): void {
    for (const name of Object.keys(schemas)) {
      const { schema, change } = entryOf(schemas, changes, name);
      setHandler(
        defineUpdate<State, [unknown]>(name),
        async (raw) => {
          const input = parseInput(name, schema, raw);
          return this.exclusively(async () => {
            change.allow(input);
            await change.run(input);
            return this.state();
          });
        },
        { validator: (raw) => change.allow(parseInput(name, schema, raw)) },
      );
    }
  }

  /** A signal has nobody to tell: what does not fit is noted in the timeline. */
  protected handleSignals<S extends Schemas>(schemas: S, changes: Changes<S>): void {
    for (const name of Object.keys(schemas)) {
      const { schema, change } = entryOf(schemas, changes, name);
      setHandler(defineSignal<[unknown]>(name), async (raw) => {
        try {
          const input = parseInput(name, schema, raw);
          await this.exclusively(async () => {
            change.allow(input);
            await change.run(input);
          });
        } catch (error) {
          if (isCancellation(error)) throw error;
          const message = error instanceof Error ? error.message : String(error);
          log.warn('signal refused', { signal: name, reason: message });
          this.board.note(`signal ${name} refused: ${message}`);
        }
      });
    }
  }

  protected compactSoon(): void {
    this.compacting = true;
  }

  /** Runs until finished. `continueInNewRun` never returns. */
  protected async loop(continueInNewRun: () => Promise<never>): Promise<void> {
    while (!this.finished()) {
      const info = workflowInfo();
      if (this.compacting || info.continueAsNewSuggested || info.historyLength > LONG_HISTORY) {
        await condition(allHandlersFinished);
        if (!this.finished()) await continueInNewRun();
        continue;
      }
      this.board.show(this.view());
      const seen = this.version;
      const deadline = this.next();
      const left = deadline === undefined ? undefined : deadline.at - Date.now();
      if (left === undefined) {
        await condition(() => this.version !== seen);
        continue;
      }
      if (left > 0 && (await condition(() => this.version !== seen, left))) continue;
      await this.exclusively(async () => {
        // A handler that had the turn before may have changed what is due.
        const due = this.finished() ? undefined : this.next();
        if (due !== undefined && due.at <= Date.now()) await due.act();
      });
    }
    this.board.show({ ...this.view(), waitingFor: null });
    await condition(allHandlersFinished);
  }

  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.mutex.run(async () => {
      try {
        return await work();
      } finally {
        this.version += 1;
      }
    });
  }
}

/** Throws `BIZ_STATE_REFUSED` unless the stage is one of `allowed`. */
export function requireStage<S extends string>(action: string, stage: S, allowed: readonly S[]): void {
  if (allowed.includes(stage)) return;
  throw refuse(
    'BIZ_STATE_REFUSED',
    `${action} is not possible in the stage "${stage}", only in ${allowed.map((one) => `"${one}"`).join(', ')}.`,
    { stage, allowed },
  );
}

function entryOf<S extends Schemas>(
  schemas: S,
  changes: Changes<S>,
  name: keyof S & string,
): { schema: z.ZodType; change: Change<unknown> } {
  const schema = schemas[name];
  const change = changes[name];
  if (schema === undefined) throw new Error(`no schema of ${name}`);
  return {
    schema,
    change: {
      allow: (input) => change.allow(schema.parse(input) as z.output<S[typeof name]>),
      run: (input) => change.run(schema.parse(input) as z.output<S[typeof name]>),
    },
  };
}
