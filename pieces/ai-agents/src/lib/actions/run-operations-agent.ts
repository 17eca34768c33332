import { createAction, Property } from '@activepieces/pieces-framework';
import type { OperationsPorts } from '@bizstack/agents/agents';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import type {
  healthSchema,
  lagSchema,
  queuesSchema,
  runbooksSchema,
  runsSchema,
  seriesSchema,
} from '../operations-input-lazy';
import { runAgentStep } from '../run-agent';
import { type Writer, writerTo } from '../writer';

const HOUR_MS = 3_600_000;

export const runOperationsAgentAction = createAction({
  name: 'run_operations_agent',
  auth: aiAgentsAuth,
  displayName: 'Run Operations Agent',
  description:
    'Judges health, lag and queues, forecasts bottlenecks, suggests improvements; repairs are few and wait for approval',
  audience: 'both',
  aiMetadata: {
    description:
      'Judge the given service health, consumer lag, queues, metrics and run history, and ask for safe repairs (restart a worker, redrive dead letters, pause a schedule). Repairs wait for a person. Repeating the step in a run continues it.',
    idempotent: true,
  },
  props: {
    ...agentProps,
    health: Property.Json({
      displayName: 'Services',
      description: 'State of every service: [{"service", "state", "since", "detail"}].',
      required: true,
    }),
    lag: Property.Json({
      displayName: 'Consumer Lag',
      description: 'Unread messages: [{"group", "topic", "lag"}].',
      required: false,
    }),
    queues: Property.Json({
      displayName: 'Queues',
      description: 'Length of work queues: [{"queue", "depth", "oldestSeconds"}].',
      required: false,
    }),
    series: Property.Json({
      displayName: 'Metrics',
      description:
        'Measured values by name, for forecasts: {"disk_percent": [{"at": "2026-01-01T00:00:00Z", "value": 61}]}.',
      required: false,
    }),
    history: Property.Json({
      displayName: 'Run History',
      description:
        'Steps of processes: [{"process", "step", "waitedSeconds", "tookSeconds", "failed", "retries"}].',
      required: false,
    }),
    runbooks: Property.Json({
      displayName: 'Repairs',
      description:
        'What may be repaired, by name: {"workers": ["mailer"], "deadLetters": ["bizstack.crm.dlq"], "schedules": ["nightly"]}. Needs Write URL.',
      required: false,
    }),
    writeUrl: writeUrlProp,
  },
  outputSchema: { fields: agentOutputFields },
  async run(context) {
    const { propsValue } = context;
    const schemas = await import('../operations-input-lazy.js');
    const known = {
      health: parseJsonProp('Services', propsValue.health, schemas.healthSchema),
      lag: parseJsonProp('Consumer Lag', propsValue.lag ?? [], schemas.lagSchema),
      queues: parseJsonProp('Queues', propsValue.queues ?? [], schemas.queuesSchema),
      series: parseJsonProp('Metrics', propsValue.series ?? {}, schemas.seriesSchema),
      runs: parseJsonProp('Run History', propsValue.history ?? [], schemas.runsSchema),
    };
    const runbooks = parseInput(
      'Repairs',
      parseJsonProp('Repairs', propsValue.runbooks ?? {}, jsonObjectSchema.nullish()) ?? {},
      schemas.runbooksSchema,
    );
    const ports = portsOf(known, runbooks, writerTo(propsValue.writeUrl));
    return runAgentStep({
      context,
      props: propsValue,
      build: async () => {
        const { operationsAgent } = await import('@bizstack/agents/agents');
        return operationsAgent({ ports });
      },
    });
  },
});

interface Known {
  health: z.output<typeof healthSchema>;
  lag: z.output<typeof lagSchema>;
  queues: z.output<typeof queuesSchema>;
  series: z.output<typeof seriesSchema>;
  runs: z.output<typeof runsSchema>;
}

function portsOf(
  { health, lag, queues, series, runs }: Known,
  runbooks: z.output<typeof runbooksSchema>,
  write: Writer | undefined,
): OperationsPorts {
  const since = (hours: number) => Date.now() - hours * HOUR_MS;
  return {
    health: async () => health,
    ...(lag.length > 0 ? { lag: async () => lag } : {}),
    ...(queues.length > 0 ? { queues: async () => queues } : {}),
    ...(Object.keys(series).length > 0
      ? {
          metrics: Object.keys(series),
          series: async (metric, { hours }) => (series[metric] ?? []).filter(({ at }) => at >= since(hours)),
        }
      : {}),
    ...(runs.length > 0 ? { runs: async () => runs } : {}),
    ...(write ? { runbooks: runbooksOf(runbooks, write) } : {}),
  };
}

function runbooksOf(
  { workers, deadLetters, schedules }: z.output<typeof runbooksSchema>,
  write: Writer,
): NonNullable<OperationsPorts['runbooks']> {
  const countSchema = z.looseObject({ count: z.number() }).transform(({ count }) => ({ count }));
  return {
    ...(workers.length > 0
      ? {
          workers: {
            targets: workers,
            restart: async (name, options) => {
              await write('restart_worker', { name }, z.unknown(), options);
            },
          },
        }
      : {}),
    ...(deadLetters.length > 0
      ? {
          deadLetters: {
            targets: deadLetters,
            redrive: (topic, limit, options) =>
              write('redrive_dead_letters', { topic, limit }, countSchema, options),
          },
        }
      : {}),
    ...(schedules.length > 0
      ? {
          schedules: {
            targets: schedules,
            pause: async (name, options) => {
              await write('pause_schedule', { name }, z.unknown(), options);
            },
          },
        }
      : {}),
  };
}
