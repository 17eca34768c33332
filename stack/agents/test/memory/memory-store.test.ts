import { z } from 'zod';
import { Agent, answerSchema, customAgent, type AgentDeps } from '../../src/agents';
import { estimateTokens, MemoryStore } from '../../src/memory';
import { defineTool } from '../../src/tools';
import { startHarness, submit, USER } from '../support/harness';

describe('a store without a database', () => {
  it('can be put aside while a run waits, and goes on in another process', async () => {
    const written: string[] = [];
    const write = defineTool({
      name: 'write_it',
      description: 'writes',
      label: 'write',
      input: z.strictObject({ text: z.string() }),
      run: async ({ text }) => void written.push(text),
    });
    const harness = await startHarness(({ number }) =>
      number === 1
        ? { toolCalls: [{ name: 'write_it', input: { text: 'Grüße 你好' } }] }
        : submit({ answer: 'ok' }),
    );
    try {
      const agentOf = (deps: AgentDeps) =>
        new Agent(customAgent({ prompt: 'x', tools: [write], output: answerSchema }), deps);
      const store = new MemoryStore();
      const run = await agentOf(harness.deps({ store })).run({ task: 'x' }, { user: USER });
      if (run.status !== 'needs_approval') throw new Error(run.status);
      const dump = await store.dump();
      const decisions = run.calls.map(({ callId }) => ({ callId, action: 'approve' as const, by: 'b' }));

      const later = await MemoryStore.load(dump);
      const done = await agentOf(harness.deps({ store: later })).resume(run.runId, decisions, { user: USER });
      expect(done).toMatchObject({ status: 'completed', result: { answer: 'ok' } });
      expect(written).toEqual(['Grüße 你好']);

      // What was done is in the next dump.
      const last = await MemoryStore.load(await later.dump());
      expect(
        await agentOf(harness.deps({ store: last })).resume(run.runId, decisions, { user: USER }),
      ).toEqual(done);
      expect(written).toHaveLength(1);
    } finally {
      await harness.close();
    }
  });

  it.each(['', 'null', '{}', '{"runs":[{}],"calls":[],"storage":{},"writes":{}}'])(
    'refuses the dump %j',
    async (dump) => {
      await expect(MemoryStore.load(dump)).rejects.toMatchObject({ code: 'BIZ_AGENTS_STATE_INVALID' });
    },
  );
});

it('estimates tokens: Chinese is denser than Latin script', () => {
  expect(estimateTokens('four words of text..')).toBe(5);
  expect(estimateTokens('你好世界')).toBe(4);
});
