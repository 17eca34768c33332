import { z } from 'zod';
import type { AgentDefinition } from '../definition';
import { PROMPTS } from '../prompts';
import type { OperationsPorts } from './ports';
import { operationsTools } from './tools';

export const operationsOutputSchema = z.strictObject({
  summary: z.string().min(1).max(5_000),
  findings: z
    .array(
      z.strictObject({
        what: z.string().min(1).max(1_000),
        /** Name of the tool it comes from. */
        source: z.string().min(1).max(64).describe('Name of the tool it comes from.'),
        severity: z.enum(['info', 'warning', 'critical']),
      }),
    )
    .max(50)
    .default([]),
  suggestions: z.array(z.string().min(1).max(1_000)).max(20).default([]),
});
export type OperationsOutput = z.output<typeof operationsOutputSchema>;

const forecastSchema = z.looseObject({ metric: z.string(), threshold: z.number() });
const runbookSchema = z.object({ runbook: z.string(), target: z.string() });

export interface OperationsResult extends OperationsOutput {
  /** As computed, with their intervals. */
  forecasts: z.output<typeof forecastSchema>[];
  /** What was done, with an approval. */
  runbooks: z.output<typeof runbookSchema>[];
}

/** Health, lag, queues, forecasts, suggestions from run history, and a short list of safe repairs. */
export function operationsAgent({
  ports,
}: {
  ports: OperationsPorts;
}): AgentDefinition<OperationsOutput, OperationsResult> {
  return {
    name: 'operations',
    prompt: PROMPTS.operations,
    tools: operationsTools(ports),
    output: operationsOutputSchema,
    check: async (output, { notes }) => {
      const looked = new Set(notes('looked'));
      const wrong = output.findings.filter((finding) => !looked.has(finding.source));
      if (wrong.length > 0) {
        return {
          ok: false,
          problem: `Findings name tools that were not used: ${wrong.map((one) => one.source).join(', ')}. Leave them out or look first.`,
        };
      }
      return {
        ok: true,
        result: {
          ...output,
          forecasts: notes('forecast').map((note) => forecastSchema.parse(note)),
          runbooks: notes('runbook').map((note) => runbookSchema.parse(note)),
        },
      };
    },
  };
}
