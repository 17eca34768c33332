import type { z } from 'zod';
import type { Tool } from '../tools/define-tool';
import type { AgentUser } from '../tools/user';
import type { AgentInput } from './input';

/** What an agent's own check may look at. */
export interface CheckContext {
  user: AgentUser;
  input: AgentInput;
  /** What tools noted during the run. */
  notes: (kind: string) => readonly unknown[];
  /** True when the model has been told once what is wrong: `fallback` or an error comes next. */
  secondTry: boolean;
}

export type Checked<R> = { ok: true; result: R } | { ok: false; problem: string };

/** One agent: prompt, tools, output. `O` is what the model hands in, `R` what the caller gets. */
export interface AgentDefinition<O, R> {
  /** snake_case. */
  name: string;
  /** System prompt, Markdown. Nothing from outside goes in here. */
  prompt: string;
  tools: readonly Tool[];
  /** Schema of an object. */
  output: z.ZodType<O>;
  /** Checks by code what the model handed in, and completes it. What is wrong is told to the model once. */
  check(output: O, context: CheckContext): Promise<Checked<R>>;
  /** What the agent says to the contact, for the memory; nothing is remembered without. */
  said?(result: R): string;
  /** Keeps what the run has learnt, once the result stands. */
  learn?(result: R, about: { runId: string; contactId: string | undefined }): Promise<void>;
}
