import type { Trigger } from '@activepieces/pieces-framework';
import type { AppEventListener, TriggerPayload } from '@activepieces/shared';
import { Cron } from 'croner';
import { BizError } from '../errors';
import { LIMITS } from '../limits';
import { type ContextServices, flowsContext, type Identity } from './action-context';
import type { ContextAuth } from './auth';

/** A context that fits the hooks and `run` of a trigger of any strategy. */
export type AnyTriggerContext = Parameters<Trigger['run']>[0];

export interface TriggerSchedule {
  cronExpression: string;
  /** IANA name; UTC when the trigger gives none. */
  timezone: string;
}

/** What a trigger asked for in `onEnable`. */
export interface TriggerEffects {
  schedule?: TriggerSchedule;
  listeners: AppEventListener[];
}

export interface TriggerContextInput {
  identity: Identity;
  services: Omit<ContextServices, 'resumeBaseUrl' | 'agentTools'>;
  effects: TriggerEffects;
  auth: ContextAuth | undefined;
  props: Record<string, unknown>;
  webhookUrl: string;
  payload: TriggerPayload;
}

export function createTriggerContext(input: TriggerContextInput): AnyTriggerContext {
  const { identity, services, effects } = input;
  return {
    auth: input.auth,
    propsValue: input.props,
    store: services.store,
    files: services.files,
    connections: services.connections,
    server: services.server,
    project: { id: identity.projectId, externalId: async () => identity.externalProjectId },
    step: { name: identity.stepName },
    flows: flowsContext(identity),
    webhookUrl: input.webhookUrl,
    payload: input.payload,
    app: {
      createListeners: ({ events, identifierValue }: AppEventListener) => {
        effects.listeners.push({ events, identifierValue });
      },
    },
    setSchedule: ({ cronExpression, timezone }: { cronExpression: string; timezone?: string }) => {
      effects.schedule = checkSchedule({ cronExpression, timezone: timezone ?? 'UTC' });
    },
  };
}

/** @throws BizError `BIZ_TRIGGER_SCHEDULE` for a cron expression that the server refuses or that fires too often. */
export function checkSchedule(schedule: TriggerSchedule): TriggerSchedule {
  const { cronExpression, timezone } = schedule;
  if (cronExpression.trim().split(/\s+/).length !== 5) {
    throw new BizError(
      'BIZ_TRIGGER_SCHEDULE',
      `"${cronExpression}" is not a cron expression of five fields.`,
      {
        hint: `The shortest schedule is ${LIMITS.minimumScheduleMs / 1000} s: * * * * *.`,
      },
    );
  }
  try {
    new Cron(cronExpression, { timezone, paused: true }).nextRun();
  } catch (cause) {
    throw new BizError('BIZ_TRIGGER_SCHEDULE', `"${cronExpression}" (${timezone}) is not a valid schedule.`, {
      cause,
    });
  }
  return schedule;
}
