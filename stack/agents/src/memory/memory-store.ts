import { BizError } from '@bizstack/contracts';
import type { MemorySaver } from '@langchain/langgraph-checkpoint';
import { z } from 'zod';
import { noUsage } from '../providers/usage';
import type { CallLedger, CallOutcome } from '../tools/ledger';
import { fromJson, toJson } from './dump';
import { callOutcomeSchema, runRecordSchema } from './schemas';
import type {
  AgentStore,
  Conversation,
  ConversationStore,
  ForgottenRows,
  Qualification,
  QualificationStore,
  RunRecord,
  RunStore,
} from './store';

const bytes = z.instanceof(Uint8Array);
const dumpSchema = z.object({
  runs: z.array(runRecordSchema),
  calls: z.array(z.tuple([z.string(), z.array(z.tuple([z.string(), callOutcomeSchema.nullable()]))])),
  storage: z.record(
    z.string(),
    z.record(z.string(), z.record(z.string(), z.tuple([bytes, bytes, z.string().optional().nullable()]))),
  ),
  writes: z.record(
    z.string(),
    z.record(z.string(), z.tuple([z.string(), z.string(), bytes]).rest(z.string().nullable())),
  ),
});

/**
 * Remembers as long as the process lives, or as its host keeps what {@link MemoryStore.dump} returns: a host
 * without PostgreSQL stores that beside the waiting approval and loads it before it resumes. The host has
 * to see to it that a dump is resumed once.
 */
export class MemoryStore implements AgentStore {
  readonly #runs = new Map<string, RunRecord>();
  readonly #locks = new Set<string>();
  readonly #cancelled = new Set<string>();
  readonly #calls = new Map<string, Map<string, CallOutcome | null>>();
  readonly #conversations = new Map<string, Map<string, Conversation & { runs: Set<string> }>>();
  readonly #qualification = new Map<string, Qualification>();
  #saver: Promise<MemorySaver> | undefined;

  readonly runs: RunStore = {
    open: async (run) => {
      const known = this.#runs.get(run.runId);
      if (known) return structuredClone(known);
      const made: RunRecord = {
        ...run,
        status: 'running',
        calls: [],
        decisions: null,
        result: null,
        usage: noUsage(),
      };
      this.#runs.set(run.runId, made);
      return structuredClone(made);
    },
    get: async (runId) => structuredClone(this.#runs.get(runId)),
    update: async (runId, patch) => {
      const known = this.#runs.get(runId);
      if (!known) throw runGone(runId);
      this.#runs.set(runId, structuredClone({ ...known, ...patch }));
      if (patch.status === 'running') this.#cancelled.delete(runId);
    },
    withLock: async (runId, work) => {
      if (this.#locks.has(runId)) throw runBusy(runId);
      this.#locks.add(runId);
      try {
        return await work();
      } finally {
        this.#locks.delete(runId);
      }
    },
    requestCancel: async (runId) => {
      this.#cancelled.add(runId);
    },
    isCancelRequested: async (runId) => this.#cancelled.has(runId),
  };

  readonly ledger: CallLedger = {
    begin: async (runId, callId) => {
      const calls = this.#calls.get(runId) ?? new Map<string, CallOutcome | null>();
      this.#calls.set(runId, calls);
      const known = calls.get(callId);
      if (known === undefined) {
        calls.set(callId, null);
        return { state: 'new' };
      }
      return known === null ? { state: 'unknown' } : { state: 'done', outcome: known };
    },
    finish: async (runId, callId, outcome) => {
      this.#calls.get(runId)?.set(callId, outcome);
    },
  };

  readonly conversations: ConversationStore = {
    load: async (contactId, agent) => {
      const known = this.#conversations.get(contactId)?.get(agent);
      return { summary: known?.summary ?? null, turns: structuredClone(known?.turns ?? []) };
    },
    append: async (contactId, agent, runId, turns) => {
      const agents =
        this.#conversations.get(contactId) ?? new Map<string, Conversation & { runs: Set<string> }>();
      this.#conversations.set(contactId, agents);
      const known = agents.get(agent) ?? { summary: null, turns: [], runs: new Set<string>() };
      agents.set(agent, known);
      if (known.runs.has(runId)) return;
      known.runs.add(runId);
      known.turns.push(...structuredClone(turns));
    },
    summarise: async (contactId, agent, summary, count) => {
      const known = this.#conversations.get(contactId)?.get(agent);
      if (!known || known.turns.length < count) return;
      known.summary = summary;
      known.turns.splice(0, count);
    },
  };

  readonly qualification: QualificationStore = {
    load: async (contactId) => structuredClone(this.#qualification.get(contactId) ?? {}),
    save: async (contactId, answers) => {
      const merged = { ...this.#qualification.get(contactId), ...answers };
      this.#qualification.set(contactId, merged);
      return structuredClone(merged);
    },
  };

  checkpoints(): Promise<MemorySaver> {
    this.#saver ??= import('./memory-saver-lazy.js').then(({ MemorySaver }) => new MemorySaver());
    return this.#saver;
  }

  /** Runs, calls and checkpoints as JSON. Conversations and qualification are not in it. */
  async dump(): Promise<string> {
    const { storage, writes } = await this.checkpoints();
    const calls = [...this.#calls].map(([runId, outcomes]) => [runId, [...outcomes]]);
    return toJson({ runs: [...this.#runs.values()], calls, storage, writes });
  }

  /**
   * A store with what a dump has.
   * @throws BizError `BIZ_AGENTS_STATE_INVALID`
   */
  static async load(dump: string): Promise<MemoryStore> {
    const parsed = dumpSchema.safeParse(fromJson(dump));
    if (!parsed.success) {
      throw new BizError(
        'BIZ_AGENTS_STATE_INVALID',
        `The stored state is wrong: ${z.prettifyError(parsed.error)}`,
      );
    }
    const store = new MemoryStore();
    for (const run of parsed.data.runs) store.#runs.set(run.runId, run);
    for (const [runId, outcomes] of parsed.data.calls) store.#calls.set(runId, new Map(outcomes));
    const saver = await store.checkpoints();
    for (const [thread, namespaces] of Object.entries(parsed.data.storage)) {
      saver.storage[thread] = Object.fromEntries(
        Object.entries(namespaces).map(([namespace, checkpoints]) => [
          namespace,
          Object.fromEntries(
            Object.entries(checkpoints).map(([id, [checkpoint, metadata, parent]]) => [
              id,
              [checkpoint, metadata, parent ?? undefined],
            ]),
          ),
        ]),
      );
    }
    for (const [checkpoint, writes] of Object.entries(parsed.data.writes)) {
      saver.writes[checkpoint] = Object.fromEntries(
        Object.entries(writes).map(([key, [task, channel, value, path]]) => [
          key,
          [task, channel, value, path ?? undefined],
        ]),
      );
    }
    return store;
  }

  async forgetContact(contactId: string): Promise<ForgottenRows> {
    const runs = [...this.#runs.values()].filter((run) => run.contactId === contactId);
    const saver = await this.checkpoints();
    let calls = 0;
    for (const { runId } of runs) {
      calls += this.#calls.get(runId)?.size ?? 0;
      this.#calls.delete(runId);
      this.#runs.delete(runId);
      await saver.deleteThread(runId);
    }
    const talks = [...(this.#conversations.get(contactId)?.values() ?? [])];
    this.#conversations.delete(contactId);
    const qualification = Object.keys(this.#qualification.get(contactId) ?? {}).length;
    this.#qualification.delete(contactId);
    return {
      runs: runs.length,
      calls,
      turns: talks.reduce((sum, talk) => sum + talk.turns.length, 0),
      summaries: talks.filter((talk) => talk.summary !== null).length,
      qualification,
      checkpoints: runs.length,
    };
  }
}

export function runGone(runId: string): BizError {
  return new BizError('BIZ_AGENTS_RUN_GONE', `The run ${runId} is not there (any more).`, {
    hint: 'It may have been removed with its contact.',
  });
}

export function runBusy(runId: string): BizError {
  return new BizError('BIZ_AGENTS_RUN_BUSY', `Somebody else works on the run ${runId}.`, {
    hint: 'Wait for that to end; it does not happen twice.',
    retryable: true,
  });
}
