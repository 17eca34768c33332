import { z } from 'zod';
import { defineTool, type Tool } from '../../tools/define-tool';
import { findBottlenecks } from './bottlenecks';
import { forecast } from './forecast';
import type { OperationsPorts } from './ports';

export function operationsTools(ports: OperationsPorts): Tool[] {
  return [...lookTools(ports), ...analysisTools(ports), ...runbookTools(ports)];
}

function lookTools(ports: OperationsPorts): Tool[] {
  const nothing = z.strictObject({});
  const look = (name: string, description: string, read: Parameters<typeof defineTool>[0]['run']) =>
    defineTool({ name, description, label: 'read', permission: 'ops:read', input: nothing, run: read });
  return [
    look('service_health', 'State of every service.', async (_input, context) => {
      const states = await ports.health(context);
      context.note('looked', 'service_health');
      return states;
    }),
    ...(ports.lag
      ? [
          look(
            'consumer_lag',
            'Messages that consumer groups have not read yet.',
            async (_input, context) => {
              context.note('looked', 'consumer_lag');
              return ports.lag?.(context);
            },
          ),
        ]
      : []),
    ...(ports.queues
      ? [
          look('queue_depth', 'Length of the work queues.', async (_input, context) => {
            context.note('looked', 'queue_depth');
            return ports.queues?.(context);
          }),
        ]
      : []),
  ];
}

function analysisTools(ports: OperationsPorts): Tool[] {
  const { metrics = [] } = ports;
  const tools: Tool[] = [];
  if (ports.series && metrics.length > 0) {
    tools.push(
      defineTool({
        name: 'forecast_bottleneck',
        description: 'When a metric will reach a threshold, with an interval, by its trend.',
        label: 'read',
        permission: 'ops:read',
        input: z.strictObject({
          metric: z.enum(metrics),
          threshold: z.number(),
          horizonHours: z.number().min(1).max(720).default(24),
          historyHours: z.number().min(1).max(2160).default(72),
        }),
        run: async ({ metric, threshold, horizonHours, historyHours }, context) => {
          const series = await ports.series?.(metric, { ...context, hours: historyHours });
          const result = forecast(series ?? [], { threshold, horizonHours });
          context.note('forecast', { metric, threshold, ...result });
          context.note('looked', 'forecast_bottleneck');
          return result;
        },
      }),
    );
  }
  if (ports.runs) {
    tools.push(
      defineTool({
        name: 'run_history',
        description: 'Where processes lose time and what fails most, from their runs, worst first.',
        label: 'read',
        permission: 'ops:read',
        input: z.strictObject({ days: z.int().min(1).max(365).default(30) }),
        run: async ({ days }, context) => {
          const runs = await ports.runs?.({ ...context, days });
          const steps = findBottlenecks(runs ?? []).slice(0, 30);
          context.note('looked', 'run_history');
          return steps;
        },
      }),
    );
  }
  return tools;
}

/** The whole list of what may be repaired. Targets come from the host, never from the model. */
function runbookTools({ runbooks = {} }: OperationsPorts): Tool[] {
  const { workers, deadLetters, schedules } = runbooks;
  const reason = z.string().trim().min(1).max(500);
  const tools: Tool[] = [];
  if (workers && workers.targets.length > 0) {
    tools.push(
      defineTool({
        name: 'restart_worker',
        description: 'Restarts a worker.',
        label: 'write',
        permission: 'ops:write',
        idempotent: true,
        input: z.strictObject({ worker: z.enum(workers.targets), reason }),
        summary: (input) => `Restart ${input.worker}: ${input.reason}`,
        run: async ({ worker }, context) => {
          await workers.restart(worker, context);
          context.note('runbook', { runbook: 'restart_worker', target: worker });
          return 'restarted';
        },
      }),
    );
  }
  if (deadLetters && deadLetters.targets.length > 0) {
    tools.push(
      defineTool({
        name: 'redrive_dead_letters',
        description: 'Sends dead letters of a topic again.',
        label: 'write',
        permission: 'ops:write',
        input: z.strictObject({
          topic: z.enum(deadLetters.targets),
          limit: z.int().min(1).max(10_000),
          reason,
        }),
        summary: (input) => `Redrive up to ${input.limit} dead letters of ${input.topic}: ${input.reason}`,
        run: async ({ topic, limit }, context) => {
          const { count } = await deadLetters.redrive(topic, limit, context);
          context.note('runbook', { runbook: 'redrive_dead_letters', target: topic });
          return { sent: count };
        },
      }),
    );
  }
  if (schedules && schedules.targets.length > 0) {
    tools.push(
      defineTool({
        name: 'pause_schedule',
        description: 'Pauses a schedule. Nothing runs by it until somebody starts it again.',
        label: 'destructive',
        permission: 'ops:write',
        idempotent: true,
        input: z.strictObject({ schedule: z.enum(schedules.targets), reason }),
        summary: (input) => `Pause the schedule ${input.schedule}: ${input.reason}`,
        run: async ({ schedule }, context) => {
          await schedules.pause(schedule, context);
          context.note('runbook', { runbook: 'pause_schedule', target: schedule });
          return 'paused';
        },
      }),
    );
  }
  return tools;
}
