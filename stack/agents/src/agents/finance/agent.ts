import { z } from 'zod';
import type { AgentDefinition } from '../definition';
import { PROMPTS } from '../prompts';
import { factSchema, renderFacts } from './facts';
import type { FinancePorts } from './ports';
import { refundPolicySchema } from './refund-policy';
import { financeTools } from './tools';

export const financeOutputSchema = z.strictObject({
  text: z
    .string()
    .min(1)
    .max(20_000)
    .describe('Markdown. Every figure is the name of a fact in double braces.'),
});
export type FinanceOutput = z.output<typeof financeOutputSchema>;

const refundCheckSchema = z.object({
  invoice: z.string(),
  allowed: z.boolean(),
  upTo: z.string(),
  reasons: z.array(z.string()),
});
const refundSchema = z.object({
  id: z.string(),
  invoice: z.string(),
  amount: z.string(),
  currency: z.string(),
});
const reportSchema = z.object({
  name: z.string(),
  parameters: z.record(z.string(), z.string()),
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
});

export interface FinanceResult {
  /** Text of the model with the figures put in by code. */
  text: string;
  /** Every fact the tools returned, by name. */
  facts: Record<string, string>;
  refundChecks: z.output<typeof refundCheckSchema>[];
  refunds: z.output<typeof refundSchema>[];
  /** Rows as SQL returned them. */
  reports: z.output<typeof reportSchema>[];
}

export interface FinanceAgentOptions {
  ports: FinancePorts;
  policy?: z.input<typeof refundPolicySchema>;
  now?: () => Date;
}

/** Invoices, refunds by policy, unusual transactions and reports; no figure comes from the model. */
export function financeAgent({
  ports,
  policy = {},
  now = () => new Date(),
}: FinanceAgentOptions): AgentDefinition<FinanceOutput, FinanceResult> {
  return {
    name: 'finance',
    prompt: PROMPTS.finance,
    tools: financeTools(ports, { policy: refundPolicySchema.parse(policy), now }),
    output: financeOutputSchema,
    check: async ({ text }, { notes }) => {
      const facts = notes('fact').map((note) => factSchema.parse(note));
      const rendered = renderFacts(text, facts);
      if (!rendered.ok) return { ok: false, problem: rendered.problems.join(' ') };
      return {
        ok: true,
        result: {
          text: rendered.text,
          facts: Object.fromEntries(facts.map((fact) => [fact.name, fact.text])),
          refundChecks: notes('refund_check').map((note) => refundCheckSchema.parse(note)),
          refunds: notes('refund').map((note) => refundSchema.parse(note)),
          reports: notes('report').map((note) => reportSchema.parse(note)),
        },
      };
    },
    said: ({ text }) => text,
  };
}
