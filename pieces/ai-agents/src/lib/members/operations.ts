import type { OperationsPorts } from '@bizstack/agents/agents';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import type {
  healthSchema,
  lagSchema,
  queuesSchema,
  runbooksSchema,
  runsSchema,
  seriesSchema,
} from '../operations-input-lazy';
import { type Writer, writerTo } from '../writer';

const HOUR_MS = 3_600_000;

/** Props of the step, as the engine gives them. */
export interface OperationsValues {
  health?: unknown;
  lag?: unknown;
  queues?: unknown;
  series?: unknown;
  history?: unknown;
  runbooks?: unknown;
  writeUrl?: string | undefined;
}

/** Reads the props at once. @throws BizError `BIZ_INPUT_INVALID` */
export async function operationsMember(values: OperationsValues) {
  const schemas = await import('../operations-input-lazy.js');
  const known = {
    health: parseJsonProp('Services', values.health, schemas.healthSchema),
    lag: parseJsonProp('Consumer Lag', values.lag ?? [], schemas.lagSchema),
    queues: parseJsonProp('Queues', values.queues ?? [], schemas.queuesSchema),
    series: parseJsonProp('Metrics', values.series ?? {}, schemas.seriesSchema),
    runs: parseJsonProp('Run History', values.history ?? [], schemas.runsSchema),
  };
  const runbooks = parseInput(
    'Repairs',
    parseJsonProp('Repairs', values.runbooks ?? {}, jsonObjectSchema.nullish()) ?? {},
    schemas.runbooksSchema,
  );
  const ports = portsOf(known, runbooks, writerTo(values.writeUrl));
  return async () => {
    const { operationsAgent } = await import('@bizstack/agents/agents');
    return operationsAgent({ ports });
  };
}

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
