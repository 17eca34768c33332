import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { jsonSchemaOf } from '../providers/structured';
import type { ToolLabel } from './decision';
import type { GuardedFetch } from './guarded-fetch';
import type { AgentUser } from './user';

export interface ToolContext {
  /** Whom the agent works for; a tool passes the identity on and never acts with more. */
  user: AgentUser;
  runId: string;
  contactId: string | undefined;
  signal: AbortSignal;
  /** The same for every attempt at this call; hand it to what is written to. */
  idempotencyKey: string;
  /** Reaches the allowed hosts alone. */
  fetch: GuardedFetch;
  /** Facts for the agent's own checks, kept with the run: `note('passage', passage)`. */
  note: (kind: string, value: unknown) => void;
  notes: (kind: string) => readonly unknown[];
}

export interface ToolDefinition<S extends z.ZodObject> {
  /** snake_case; what the model calls. */
  name: string;
  description: string;
  label: ToolLabel;
  input: S;
  /** Permission the calling user needs, for example `crm:write`. */
  permission?: string;
  /** True when the same idempotency key twice has the effect once: it may be tried again after a crash. */
  idempotent?: boolean;
  /** One sentence for the person who approves. Made from the input by code. */
  summary?(input: z.output<S>): string;
  /** Its result is JSON or text; the model gets it as quoted data. A BizError's message reaches the model. */
  run(input: z.output<S>, context: ToolContext): Promise<unknown>;
}

export type CheckedInput =
  { ok: true; input: Record<string, unknown>; summary: string } | { ok: false; problem: string };

/** A tool whose types are closed over: input is checked before it runs, always. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly label: ToolLabel;
  readonly permission: string | undefined;
  readonly idempotent: boolean;
  readonly parameters: Record<string, unknown>;
  check(raw: unknown): CheckedInput;
  /** @throws BizError `BIZ_AGENTS_TOOL_INPUT` */
  run(raw: unknown, context: ToolContext): Promise<unknown>;
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** @throws BizError `BIZ_AGENTS_TOOL_NAME` */
export function defineTool<S extends z.ZodObject>(definition: ToolDefinition<S>): Tool {
  const { name, description, label, input: schema, permission, idempotent = false } = definition;
  if (!NAME.test(name)) {
    throw new BizError('BIZ_AGENTS_TOOL_NAME', `"${name}" is no name for a tool.`, {
      hint: 'Use lower-case letters, digits and _, starting with a letter, at most 64 characters.',
    });
  }
  return {
    name,
    description,
    label,
    permission,
    idempotent,
    parameters: jsonSchemaOf(schema),
    check: (raw) => {
      const parsed = schema.safeParse(raw);
      if (!parsed.success) return { ok: false, problem: z.prettifyError(parsed.error) };
      return {
        ok: true,
        input: z.record(z.string(), z.unknown()).parse(raw),
        summary: definition.summary?.(parsed.data) ?? `${name} (${label})`,
      };
    },
    run: async (raw, context) => {
      const parsed = schema.safeParse(raw);
      if (!parsed.success) {
        throw new BizError('BIZ_AGENTS_TOOL_INPUT', `${name}: ${z.prettifyError(parsed.error)}`);
      }
      return definition.run(parsed.data, context);
    },
  };
}
