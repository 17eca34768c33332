import { createAction, Property } from '@activepieces/pieces-framework';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import { operationsMember } from '../members/operations';
import { runAgentStep } from '../run-agent';

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
    return runAgentStep({ context, props: propsValue, build: await operationsMember(propsValue) });
  },
});
