import {
  type InputPropertyMap,
  type Piece,
  type PieceAuthProperty,
  type Trigger,
  TriggerStrategy,
} from '@activepieces/pieces-framework';
import {
  type AppEventListener,
  type EventPayload,
  type ParseEventResponse,
  type TriggerPayload,
} from '@activepieces/shared';
import { type AuthOption, authFor, type EnvironmentOptions, type PropsInput, servicesFor } from './action';
import { defaultIdentity } from './context/action-context';
import { MemoryStoreBackend, type StoreBackend } from './context/store';
import {
  type AnyTriggerContext,
  createTriggerContext,
  type TriggerEffects,
  type TriggerSchedule,
} from './context/trigger-context';
import { withDeadline } from './deadline';
import { DedupeWindow } from './dedupe';
import { BizError } from './errors';
import { LIMITS } from './limits';
import { processPropsOrThrow } from './props/process';
import { definitionsOf, isList } from './values';

export interface TriggerHarnessOptions<
  A extends PieceAuthProperty | PieceAuthProperty[] | undefined = PieceAuthProperty,
  P extends InputPropertyMap = InputPropertyMap,
> extends EnvironmentOptions {
  props: PropsInput<P>;
  auth?: AuthOption<A>;
  webhookUrl?: string;
  /** Clock of the `_dedupe_key` window. */
  now?: () => number;
}

/** One trigger of one published flow. The store, and with it the offsets, lives as long as the harness. */
export interface TriggerHarness {
  readonly store: StoreBackend;
  /** What the last `onEnable` asked for. */
  readonly schedule: TriggerSchedule | undefined;
  readonly listeners: readonly AppEventListener[];
  /** Publishes the flow: `onEnable`. */
  enable(): Promise<void>;
  /** `onDisable`. */
  disable(): Promise<void>;
  /** Publishes a new version over the old one: `onDisable`, then `onEnable`, with the same store. */
  republish(): Promise<void>;
  /** One poll, or one call of the webhook. One element is one run; `_dedupe_key` is applied. */
  run(payload?: Partial<TriggerPayload>): Promise<unknown[]>;
  /** The Test button: `test`, with a store of its own. */
  test(payload?: Partial<TriggerPayload>): Promise<unknown[]>;
  renew(): Promise<void>;
  handshake(
    payload: Partial<TriggerPayload>,
  ): Promise<{ status: number; body?: unknown; headers?: Record<string, string> }>;
  /** `onStart`, which the engine calls at the start of every run. */
  start(payload: unknown): Promise<void>;
}

/**
 * Opens a trigger the way the engine does. `run` rejects with `BIZ_TRIGGER_TIMEOUT` after 60 s and
 * `BIZ_TRIGGER_OUTPUT` when the trigger returns no array; hooks after 180 s.
 */
export function createTriggerHarness<
  A extends PieceAuthProperty | PieceAuthProperty[] | undefined,
  P extends InputPropertyMap,
>(trigger: Trigger<A, P>, options: TriggerHarnessOptions<A, P>): TriggerHarness {
  return openTrigger(trigger, options);
}

function openTrigger(trigger: Trigger, options: TriggerHarnessOptions): TriggerHarness {
  const store = options.store ?? new MemoryStoreBackend();
  const identity = defaultIdentity({ stepName: trigger.name, ...options.identity });
  const dedupe = new DedupeWindow(options.now);
  let effects: TriggerEffects = { listeners: [] };

  const context = async (payload: Partial<TriggerPayload> = {}, prefix = ''): Promise<AnyTriggerContext> => {
    return createTriggerContext({
      identity,
      services: await servicesFor(options, identity, store, prefix),
      effects,
      auth: authFor(options.auth),
      props:
        options.processProps === false
          ? { ...options.props }
          : await processPropsOrThrow(options.props, definitionsOf(trigger), options.propertySettings),
      webhookUrl: options.webhookUrl ?? `http://127.0.0.1/webhooks/${identity.flowId}`,
      payload: toTriggerPayload(payload),
    });
  };
  const hook = async (name: string, call: (ctx: AnyTriggerContext) => Promise<unknown>): Promise<void> => {
    await withDeadline(call(await context()), LIMITS.triggerHookTimeoutMs, late(trigger, name));
  };
  const enable = async (): Promise<void> => {
    effects = { listeners: [] };
    await hook('onEnable', (ctx) => trigger.onEnable(ctx));
  };
  const disable = (): Promise<void> => hook('onDisable', (ctx) => trigger.onDisable(ctx));

  return {
    store,
    get schedule() {
      return trigger.type === TriggerStrategy.POLLING ? effects.schedule : undefined;
    },
    get listeners() {
      return effects.listeners;
    },
    enable,
    disable,
    republish: async () => {
      await disable();
      await enable();
    },
    run: async (payload) => dedupe.filter(await runTriggerHook(trigger, 'run', await context(payload))),
    test: async (payload) => runTriggerHook(trigger, 'test', await context(payload, 'test')),
    renew: () => hook('onRenew', (ctx) => trigger.onRenew(ctx)),
    handshake: async (payload) =>
      withDeadline(
        trigger.onHandshake(await context(payload)),
        LIMITS.triggerHookTimeoutMs,
        late(trigger, 'onHandshake'),
      ),
    start: async (payload) => {
      const { flows: _flows, ...ctx } = await context();
      await trigger.onStart({ ...ctx, run: { id: identity.runId }, payload });
    },
  };
}

/** Calls `run` or `test` within the server's 60 s and checks that it returned a list. */
export async function runTriggerHook(
  trigger: Trigger,
  hook: 'run' | 'test',
  context: AnyTriggerContext,
): Promise<unknown[]> {
  const work: Promise<unknown> = hook === 'run' ? trigger.run(context) : trigger.test(context);
  const output = await withDeadline(work, LIMITS.triggerRunTimeoutMs, late(trigger, hook));
  if (!isList(output)) {
    throw new BizError(
      'BIZ_TRIGGER_OUTPUT',
      `Trigger "${trigger.name}" returned ${typeof output} instead of a list.`,
      {
        hint: 'Return an array with one element for each run.',
      },
    );
  }
  return output;
}

export function toTriggerPayload(payload: Partial<TriggerPayload>): TriggerPayload {
  return { body: {}, headers: {}, queryParams: {}, ...payload };
}

/** @throws BizError `BIZ_PIECE_TRIGGER_MISSING` naming the triggers that exist. */
export function triggerOf(piece: Pick<Piece, 'triggers' | 'displayName'>, name: string): Trigger {
  const triggers = piece.triggers();
  const trigger = Object.hasOwn(triggers, name) ? triggers[name] : undefined;
  if (trigger === undefined) {
    throw new BizError(
      'BIZ_PIECE_TRIGGER_MISSING',
      `Piece "${piece.displayName}" has no trigger "${name}".`,
      {
        hint: `It has: ${Object.keys(triggers).join(', ') || 'none'}.`,
      },
    );
  }
  return trigger;
}

export interface AppWebhookDelivery {
  piece: Pick<Piece, 'events' | 'displayName'>;
  harness: TriggerHarness;
  payload: Partial<EventPayload>;
  webhookSecret: string | Record<string, string>;
  appWebhookUrl?: string;
}

/**
 * Delivers an event of an app webhook as the server does: `parseAndReply`, match with the listeners of
 * `onEnable`, `verify`, `run`.
 * @throws BizError `BIZ_TRIGGER_APP_WEBHOOK` when the piece has no event processors or refuses the signature.
 */
export async function deliverAppWebhook(
  delivery: AppWebhookDelivery,
): Promise<{ reply: ParseEventResponse['reply']; items: unknown[] }> {
  const { piece, harness } = delivery;
  const payload: EventPayload = {
    body: {},
    method: 'POST',
    headers: {},
    queryParams: {},
    ...delivery.payload,
  };
  const appWebhookUrl = delivery.appWebhookUrl ?? 'http://127.0.0.1/app-webhooks';
  if (piece.events === undefined) {
    throw new BizError('BIZ_TRIGGER_APP_WEBHOOK', `Piece "${piece.displayName}" has no event processors.`, {
      hint: 'Give createPiece `events` with parseAndReply and verify.',
    });
  }
  const parsed = piece.events.parseAndReply({ payload, server: { publicUrl: appWebhookUrl } });
  const matches = harness.listeners.some(
    ({ events, identifierValue }) =>
      parsed.event !== undefined &&
      events.includes(parsed.event) &&
      identifierValue === parsed.identifierValue,
  );
  if (!matches) return { reply: parsed.reply, items: [] };
  if (!piece.events.verify({ webhookSecret: delivery.webhookSecret, payload, appWebhookUrl })) {
    throw new BizError('BIZ_TRIGGER_APP_WEBHOOK', `Piece "${piece.displayName}" refused the signature.`);
  }
  return { reply: parsed.reply, items: await harness.run(payload) };
}

function late(trigger: Trigger, hook: string) {
  const ms = hook === 'run' || hook === 'test' ? LIMITS.triggerRunTimeoutMs : LIMITS.triggerHookTimeoutMs;
  return {
    code: 'BIZ_TRIGGER_TIMEOUT' as const,
    message: `${hook} of trigger "${trigger.name}" took more than ${ms / 1000} s.`,
    hint: 'Read less at a time.',
  };
}
