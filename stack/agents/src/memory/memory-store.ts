import { BizError } from '@bizstack/contracts';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { noUsage } from '../providers/usage';
import type { CallLedger, CallOutcome } from '../tools/ledger';
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

/** Remembers as long as the process lives. For runs that need no approval, and for tests. */
export class MemoryStore implements AgentStore {
  readonly #runs = new Map<string, RunRecord>();
  readonly #locks = new Set<string>();
  readonly #cancelled = new Set<string>();
  readonly #calls = new Map<string, Map<string, CallOutcome | null>>();
  readonly #conversations = new Map<string, Map<string, Conversation & { runs: Set<string> }>>();
  readonly #qualification = new Map<string, Qualification>();
  #saver: Promise<BaseCheckpointSaver> | undefined;

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

  checkpoints(): Promise<BaseCheckpointSaver> {
    this.#saver ??= import('./memory-saver-lazy.js').then(({ MemorySaver }) => new MemorySaver());
    return this.#saver;
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
