import type { ChatModel, ProviderConfig, Usage } from '@bizstack/agents/providers';
import { BizError } from '@bizstack/piece-common';
import { type z } from 'zod';
import { type Connection, notConfigured, secretsOf } from './connection';

const models = new WeakMap<Connection, ChatModel>();

/** Whether the connection names a language model. */
export function hasModel({ provider }: Connection): boolean {
  return provider !== 'none';
}

/**
 * The connection's language model.
 * @throws BizError `BIZ_AI_NOT_CONFIGURED`, `BIZ_AGENTS_CONFIG_INVALID`
 */
export async function modelOf(connection: Connection): Promise<ChatModel> {
  const known = models.get(connection);
  if (known) return known;
  const { createChatModel } = await import('@bizstack/agents/providers');
  const created = createChatModel(await modelConfigOf(connection));
  models.set(connection, created);
  return created;
}

/**
 * How the connection's language model is reached.
 * @throws BizError `BIZ_AI_NOT_CONFIGURED`, `BIZ_AGENTS_CONFIG_INVALID`
 */
export async function modelConfigOf({
  provider,
  model,
  apiKey,
  baseUrl,
}: Connection): Promise<ProviderConfig> {
  const { parseProviderConfig } = await import('@bizstack/agents/providers');
  if (provider === 'none') {
    throw notConfigured('language model', 'Choose a provider there, with its key and the name of a model.');
  }
  return parseProviderConfig({ provider, model, apiKey, ...(baseUrl === undefined ? {} : { baseUrl }) });
}

export interface Question<T> {
  /** What to do: written by us or by the flow's author. */
  task: string;
  /** Texts from outside; they enter the prompt as quoted data. */
  data: readonly { source: string; text: string }[];
  schema: z.ZodType<T>;
  signal?: AbortSignal;
}

const RULES = 'You work in a business process. Do exactly the task, hand in the result, and add nothing.';

/**
 * Asks the language model for a value of the schema; a wrong one is given back to it once.
 * @throws BizError `BIZ_AI_NOT_CONFIGURED`, `BIZ_AGENTS_…`
 */
export async function ask<T>(
  connection: Connection,
  { task, data, schema, signal }: Question<T>,
): Promise<{ value: T; usage: Usage }> {
  const model = await modelOf(connection);
  const [{ completeStructured, UsageMeter }, { Quoter, SecretGuard }] = await Promise.all([
    import('@bizstack/agents/providers'),
    import('@bizstack/agents/tools'),
  ]);
  const guard = new SecretGuard(secretsOf(connection));
  const quoter = new Quoter();
  const quoted = data.map(({ source, text }) => quoter.quote(source, guard.redact(text)));
  const meter = new UsageMeter();
  const value = await completeStructured(
    model,
    {
      messages: [
        { role: 'system', content: RULES, perRun: quoter.rules },
        { role: 'user', content: [guard.redact(task), ...quoted].join('\n\n') },
      ],
      schema,
      ...(signal === undefined ? {} : { signal }),
    },
    meter,
  );
  return { value, usage: meter.usage };
}

/** A text that an action works on. @throws BizError `BIZ_INPUT_INVALID` */
export function readText(name: string, value: string | undefined, max: number): string {
  const text = value ?? '';
  if (text.trim() === '' || text.length > max) {
    throw new BizError(
      'BIZ_INPUT_INVALID',
      `"${name}" must have 1 to ${max} characters, not ${text.length}.`,
    );
  }
  return text;
}
