// What graphs that stop for a person share. Loads LangGraph, so only files that do so too may import it.
import { INTERRUPT, isInterrupted } from '@langchain/langgraph';
import { z } from 'zod';
import { pendingCallSchema, type Decision, type PendingCall } from '../tools/decision';

/** The calls that a person is asked about; undefined when the graph ended. */
export function waitingCalls(state: unknown): PendingCall[] | undefined {
  if (!isInterrupted(state)) return undefined;
  return z.array(pendingCallSchema).parse(state[INTERRUPT].flatMap((one) => one.value));
}

interface Snapshot {
  readonly tasks: readonly { readonly interrupts: readonly { readonly value?: unknown }[] }[];
  readonly values: unknown;
}

export interface StoppedRun {
  snapshot(): Promise<Snapshot>;
  resume(decisions: Decision[]): Promise<unknown>;
  /** Goes on where a crash ended it. */
  goOn(): Promise<unknown>;
}

/** Goes on with decisions, or with none after a crash. Decisions about other calls never reach those that wait. */
export async function proceed(
  run: StoppedRun,
  decisions: readonly Decision[] | null,
): Promise<{ waiting: PendingCall[] } | { state: unknown }> {
  const { tasks, values } = await run.snapshot();
  const asked = tasks.flatMap((task) => task.interrupts.map((one) => one.value));
  if (asked.length > 0) {
    const calls = z.array(pendingCallSchema).parse(asked.flat());
    const fits = calls.every((call) => decisions?.some((decision) => decision.callId === call.callId));
    if (decisions === null || !fits) return { waiting: calls };
    return { state: await run.resume([...decisions]) };
  }
  // A task whose writes are kept, but not the checkpoint after it, is no longer "next" and yet not the end.
  return { state: tasks.length === 0 ? values : await run.goOn() };
}
