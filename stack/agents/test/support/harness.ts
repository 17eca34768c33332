import { MemoryStore, type AgentStore } from '../../src/memory';
import { createChatModel, type ChatModel } from '../../src/providers';
import type { AgentDeps } from '../../src/agents';
import { auditEvent, type AgentUser, type AuditRecord } from '../../src/tools';
import { startScriptedOpenAi } from './scripted-openai';
import type { Script, ScriptedServer } from './scripted-server';

export const USER: AgentUser = { id: 'anna', permissions: ['*'] };
export const MODEL_KEY = 'sk-scripted-key-0123456789abcdef';

export interface Harness extends ScriptedServer {
  model: ChatModel;
  records: AuditRecord[];
  /** What an agent needs; the audit records are also made into events, which checks them. */
  deps(extra?: Partial<AgentDeps>): AgentDeps;
}

/** A scripted model and what stands around it. */
export async function startHarness(script: Script, store: AgentStore = new MemoryStore()): Promise<Harness> {
  const server = await startScriptedOpenAi(script);
  const model = createChatModel({
    provider: 'openai-compatible',
    baseUrl: server.url,
    apiKey: MODEL_KEY,
    model: 'scripted',
    retries: { max: 0 },
    prices: { scripted: { input: 1, output: 2 } },
  });
  const records: AuditRecord[] = [];
  return {
    ...server,
    model,
    records,
    deps: (extra = {}) => ({
      model,
      store,
      secrets: [MODEL_KEY],
      audit: {
        record: async (record) => {
          auditEvent(record);
          records.push(record);
        },
      },
      ...extra,
    }),
  };
}

/** Input of a tool as JSON, whatever the script wants to hand in. */
export function submit(result: Record<string, unknown>) {
  return { toolCalls: [{ name: 'submit_result', input: result }] };
}
