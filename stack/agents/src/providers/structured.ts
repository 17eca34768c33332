import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import type { ChatModel } from './chat-model';
import type { Message } from './messages';
import type { UsageMeter } from './usage';

export interface StructuredRequest<T> {
  messages: readonly Message[];
  schema: z.ZodType<T>;
  /** Name of the value for the model, for example `invoice`. */
  name?: string;
  signal?: AbortSignal;
}

/**
 * A value of the schema. A wrong one is given back to the model once, with what is wrong.
 * @throws BizError `BIZ_AGENTS_OUTPUT_INVALID` when the second is wrong too, and those of {@link ChatModel}
 */
export async function completeStructured<T>(
  model: ChatModel,
  { messages, schema, name = 'result', signal }: StructuredRequest<T>,
  meter: UsageMeter,
): Promise<T> {
  const tool = {
    name: `submit_${name}`,
    description: 'Hands in the result. Call it exactly once.',
    parameters: jsonSchemaOf(schema),
  };
  const conversation = [...messages];
  for (let repaired = false; ; repaired = true) {
    const reply = await model.complete(
      { messages: conversation, tools: [tool], toolChoice: { name: tool.name }, signal },
      meter,
    );
    const call = reply.toolCalls.find((one) => one.name === tool.name);
    const value =
      call === undefined ? jsonIn(reply.text) : call.malformed === undefined ? call.input : undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const problem = value === undefined ? 'It is no JSON.' : z.prettifyError(parsed.error);
    if (repaired) throw outputInvalid(model.model, problem);
    conversation.push({ role: 'assistant', content: reply.text, toolCalls: reply.toolCalls });
    const complaint = `The result does not fit its schema. Hand it in again, corrected.\n${problem}`;
    if (reply.toolCalls.length === 0) conversation.push({ role: 'user', content: complaint });
    for (const { id } of reply.toolCalls)
      conversation.push({ role: 'tool', toolCallId: id, content: complaint });
  }
}

export function outputInvalid(model: string, problem: string): BizError {
  return new BizError(
    'BIZ_AGENTS_OUTPUT_INVALID',
    `"${model}" gave no valid result, also after it was told what is wrong: ${problem}`,
    { hint: 'Use a stronger model, or a simpler schema.' },
  );
}

/** JSON schema (draft 2020-12, without `$schema`) that a model can fill; what zod transforms comes as its input. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _ignored, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

/** The JSON of a text: the whole, or what stands in the first fence or between the outermost braces. */
export function jsonIn(text: string): unknown {
  const fenced = /```(?:json)?\s*([\s\S]*?)```/.exec(text)?.[1];
  const braces = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  for (const candidate of [text, fenced, braces]) {
    if (candidate === undefined || candidate.trim() === '') continue;
    try {
      return JSON.parse(candidate) as unknown;
    } catch {
      continue;
    }
  }
  return undefined;
}
