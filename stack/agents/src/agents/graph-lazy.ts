// The only file of the agents that loads LangGraph; loaded when the first run starts.
import {
  Annotation,
  Command,
  END,
  INTERRUPT,
  interrupt,
  isInterrupted,
  START,
  StateGraph,
} from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { z } from 'zod';
import { noUsage } from '../providers/usage';
import { decisionSchema, pendingCallSchema, type Decision, type PendingCall } from '../tools/decision';
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
    if (isInterrupted(state)) {
      const values = state[INTERRUPT].map((one) => one.value);
      return { kind: 'waiting', calls: z.array(pendingCallSchema).parse(values.flat()) };
    }
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
      const snapshot = await graph.getState(config);
      const { next, tasks } = snapshot;
      const values: unknown = snapshot.values;
      const asked = tasks.flatMap((task) => task.interrupts.map((one): unknown => one.value));
      if (asked.length > 0) {
        const calls = z.array(pendingCallSchema).parse(asked.flat());
        const fits = calls.every((call) => decisions?.some((decision) => decision.callId === call.callId));
        // Decisions about other calls never reach these.
        if (decisions === null || !fits) return { kind: 'waiting', calls };
        return outcomeOf(await graph.invoke(new Command({ resume: [...decisions] }), config));
      }
      return outcomeOf(next.length === 0 ? values : await graph.invoke(null, config));
    },
  };
}
