import type { AgentUser } from '@bizstack/agents/tools';
import { z } from 'zod';
import { httpUrl, sendJson } from './http';

const TIMEOUT_MS = 30_000;

export interface WriteOptions {
  user: AgentUser;
  signal: AbortSignal;
  /** The same for every attempt: the receiver carries it out once. */
  idempotencyKey: string;
}

export type Writer = <T>(
  action: string,
  input: unknown,
  schema: z.ZodType<T>,
  options: WriteOptions,
) => Promise<T>;

/**
 * Sends approved changes to the URL of the flow's author, each with its idempotency key.
 * @returns undefined without a URL: then an agent has nothing to change things with.
 * @throws BizError `BIZ_INPUT_INVALID`
 */
export function writerTo(url: string | undefined): Writer | undefined {
  const target = url?.trim();
  if (!target) return undefined;
  httpUrl('Write URL', target);
  return (action, input, schema, { user, signal, idempotencyKey }) =>
    sendJson({
      name: 'Write URL',
      area: 'BIZ_AI_ENDPOINT',
      url: target,
      headers: { 'idempotency-key': idempotencyKey },
      body: { action, input, user: { id: user.id, name: user.name ?? null }, idempotencyKey },
      timeoutMs: TIMEOUT_MS,
      schema,
      signal,
    });
}

/** The id that a writer's receiver gave, or the idempotency key when it gave none. */
export function createdSchema(fallback: string) {
  return z
    .looseObject({ id: z.union([z.string(), z.number()]) })
    .transform(({ id }) => ({ id: String(id) }))
    .catch({ id: fallback });
}
