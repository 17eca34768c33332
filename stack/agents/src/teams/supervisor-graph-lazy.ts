// Loads LangGraph; loaded when the first team runs.
import { Annotation, Command, END, interrupt, START, StateGraph } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { z } from 'zod';
import { proceed, waitingCalls } from '../agents/gate-lazy';
import { decisionSchema, type Decision, type PendingCall } from '../tools/decision';
import type { TeamOutcome } from './stored-team';
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
    const calls = waitingCalls(state);
    if (calls) return { kind: 'waiting', calls };
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
