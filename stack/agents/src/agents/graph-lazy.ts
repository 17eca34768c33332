// With gate-lazy.ts the only file of the agents that loads LangGraph; loaded when the first run starts.
import { Annotation, Command, END, interrupt, START, StateGraph } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { z } from 'zod';
import { noUsage } from '../providers/usage';
import { decisionSchema, type Decision, type PendingCall } from '../tools/decision';
import { proceed, waitingCalls } from './gate-lazy';
import type { AgentLoop } from './loop';
import type { AgentState } from './state';

const State = Annotation.Root({
  input: Annotation<AgentState['input']>,
  nonce: Annotation<string>,
  messages: Annotation<AgentState['messages']>,
  decisions: Annotation<Decision[]>,
  notes: Annotation<AgentState['notes']>,
  steps: Annotation<number>,
  repairs: Annotation<number>,
  usage: Annotation<AgentState['usage']>,
  done: Annotation<AgentState['done']>,
});

export type GraphOutcome = { kind: 'done'; result: unknown } | { kind: 'waiting'; calls: PendingCall[] };

export interface RunGraph {
  /** Where the run stands; undefined before its first step. */
  stored(): Promise<Pick<AgentState, 'usage'> | undefined>;
  start(state: Pick<AgentState, 'input' | 'nonce' | 'messages'>): Promise<GraphOutcome>;
  /** Goes on with decisions, or with none after a crash. */
  proceed(decisions: readonly Decision[] | null): Promise<GraphOutcome>;
}

/** ask → gate → act → ask …, and ask → review → end. Stops at the gate while a person decides. */
export function runGraph<O, R>(
  loop: AgentLoop<O, R>,
  { runId, checkpointer, maxSteps }: { runId: string; checkpointer: BaseCheckpointSaver; maxSteps: number },
): RunGraph {
  const graph = new StateGraph(State)
    .addNode('ask', (state) => loop.ask(state))
    .addNode('gate', (state) => {
      // Nothing but the interrupt: a node starts anew when the run is resumed.
      const calls = loop.waiting(state);
      if (calls.length === 0) return { decisions: [] };
      const decided: unknown = interrupt(calls);
      return { decisions: z.array(decisionSchema).parse(decided) };
    })
    .addNode('act', (state) => loop.act(state))
    .addNode('review', (state) => loop.review(state))
    .addEdge(START, 'ask')
    .addConditionalEdges('ask', (state) => (loop.next(state) === 'act' ? 'gate' : 'review'), [
      'gate',
      'review',
    ])
    .addEdge('gate', 'act')
    .addEdge('act', 'ask')
    .addConditionalEdges('review', (state) => (state.done === null ? 'ask' : END), ['ask', END])
    .compile({ checkpointer });
  const config = { configurable: { thread_id: runId }, recursionLimit: maxSteps * 4 + 20 };

  const outcomeOf = (state: unknown): GraphOutcome => {
    const calls = waitingCalls(state);
    if (calls) return { kind: 'waiting', calls };
    return {
      kind: 'done',
      result: z.object({ done: z.object({ result: z.unknown() }) }).parse(state).done.result,
    };
  };
  return {
    stored: async () => {
      const values: unknown = (await graph.getState(config)).values;
      const parsed = z.object({ usage: z.custom<AgentState['usage']>() }).safeParse(values);
      return parsed.success && parsed.data.usage ? parsed.data : undefined;
    },
    start: async (state) =>
      outcomeOf(
        await graph.invoke(
          { ...state, decisions: [], notes: [], steps: 0, repairs: 0, usage: noUsage(), done: null },
          config,
        ),
      ),
    proceed: async (decisions) => {
      const went = await proceed(
        {
          snapshot: () => graph.getState(config),
          resume: (decided) => graph.invoke(new Command({ resume: decided }), config),
          goOn: () => graph.invoke(null, config),
        },
        decisions,
      );
      return 'waiting' in went ? { kind: 'waiting', calls: went.waiting } : outcomeOf(went.state);
    },
  };
}
