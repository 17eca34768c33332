// Loads LangGraph; loaded when the first team runs.
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
import { decisionSchema, pendingCallSchema, type Decision, type PendingCall } from '../tools/decision';
import type { SupervisorLoop, SupervisorState } from './supervisor-loop';

const State = Annotation.Root({
  nonce: Annotation<string>,
  messages: Annotation<SupervisorState['messages']>,
  round: Annotation<number>,
  handOff: Annotation<SupervisorState['handOff']>,
  waiting: Annotation<PendingCall[]>,
  decisions: Annotation<Decision[]>,
  done: Annotation<SupervisorState['done']>,
});

export type TeamOutcome =
  { kind: 'done'; done: NonNullable<SupervisorState['done']> } | { kind: 'waiting'; calls: PendingCall[] };

const doneSchema = z.object({
  done: z.object({ text: z.string(), reason: z.enum(['finished', 'max_rounds', 'budget']) }),
});

/** supervise → member → supervise …, with a gate in front of a member that waits for a person. */
export function supervisorGraph(
  loop: SupervisorLoop,
  { runId, checkpointer, maxRounds }: { runId: string; checkpointer: BaseCheckpointSaver; maxRounds: number },
) {
  const graph = new StateGraph(State)
    .addNode('supervise', (state) => loop.supervise(state))
    .addNode('member', (state) => loop.member(state))
    .addNode('gate', (state) => {
      // Nothing but the interrupt: a node starts anew when the run is resumed.
      const decided: unknown = interrupt(state.waiting);
      return { decisions: z.array(decisionSchema).parse(decided), waiting: [] };
    })
    .addEdge(START, 'supervise')
    .addConditionalEdges(
      'supervise',
      (state) => (state.done ? END : state.handOff ? 'member' : 'supervise'),
      ['member', 'supervise', END],
    )
    .addConditionalEdges(
      'member',
      (state) => (state.done ? END : state.waiting.length > 0 ? 'gate' : 'supervise'),
      ['gate', 'supervise', END],
    )
    .addEdge('gate', 'member')
    .compile({ checkpointer });
  const config = { configurable: { thread_id: runId }, recursionLimit: maxRounds * 30 + 20 };

  const outcomeOf = (state: unknown): TeamOutcome => {
    if (isInterrupted(state)) {
      const values = state[INTERRUPT].map((one) => one.value);
      return { kind: 'waiting', calls: z.array(pendingCallSchema).parse(values.flat()) };
    }
    return { kind: 'done', done: doneSchema.parse(state).done };
  };
  return {
    hasStarted: async () => {
      const values: unknown = (await graph.getState(config)).values;
      return z.object({ nonce: z.string() }).safeParse(values).success;
    },
    start: async (state: Pick<SupervisorState, 'nonce' | 'messages'>): Promise<TeamOutcome> =>
      outcomeOf(
        await graph.invoke(
          { ...state, round: 0, handOff: null, waiting: [], decisions: [], done: null },
          config,
        ),
      ),
    proceed: async (decisions: readonly Decision[] | null): Promise<TeamOutcome> => {
      const snapshot = await graph.getState(config);
      const { next, tasks } = snapshot;
      const values: unknown = snapshot.values;
      const asked = tasks.flatMap((task) => task.interrupts.map((one): unknown => one.value));
      if (asked.length > 0) {
        const calls = z.array(pendingCallSchema).parse(asked.flat());
        const fits = calls.every((call) => decisions?.some((decision) => decision.callId === call.callId));
        if (decisions === null || !fits) return { kind: 'waiting', calls };
        return outcomeOf(await graph.invoke(new Command({ resume: [...decisions] }), config));
      }
      return outcomeOf(next.length === 0 ? values : await graph.invoke(null, config));
    },
  };
}
