import { z } from 'zod';
import type { Tool } from '../tools/define-tool';
import type { AgentDefinition } from './definition';

export interface CustomAgentOptions<O> {
  /** snake_case; `custom_agent` when left out. */
  name?: string;
  /** System prompt, of the flow's author. Never put text from outside in here. */
  prompt: string;
  tools: readonly Tool[];
  output: z.ZodType<O>;
}

/** An agent with a prompt, tools and an output of one's own. */
export function customAgent<O>({
  name = 'custom_agent',
  prompt,
  tools,
  output,
}: CustomAgentOptions<O>): AgentDefinition<O, O> {
  return { name, prompt, tools, output, check: async (result) => ({ ok: true, result }) };
}

/** Output of an agent that only says something. */
export const answerSchema = z.strictObject({ answer: z.string().min(1) });
