import { useFlowContext } from '@nocobase/flow-engine';
import { useCallback, useEffect, useMemo, useState } from 'react';

export interface Form {
  readonly key: string;
  readonly title: string | null;
  readonly enabled: boolean;
}

export interface Health {
  readonly configured: boolean;
  readonly pending: number;
  readonly published: number;
  readonly oldestSeconds: number | null;
  readonly lastError: string | null;
  readonly relays: readonly { readonly since: string; readonly client: string | null }[];
  readonly here: { readonly state: string; readonly lastError?: string } | null;
  readonly deliveries: Readonly<Record<string, number>>;
}

export interface Delivery {
  readonly id: string | number;
  readonly eventType: string;
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly responseStatus: number | null;
  readonly lastError: string | null;
  readonly webhook: { readonly title: string | null; readonly url: string } | null;
}

/** The plugin's own actions, as the settings page uses them. */
export function useCrmApi() {
  const context = useFlowContext();
  return useMemo(
    () => ({
      forms: async (): Promise<readonly Form[]> =>
        dataOf(
          await context.api.request({ url: 'crmLeadForms:list', params: { pageSize: 100, sort: 'id' } }),
          isForms,
        ),
      health: async (): Promise<Health> =>
        dataOf(await context.api.request({ url: 'crmRelay:status' }), isHealth),
      deliveries: async (): Promise<readonly Delivery[]> =>
        dataOf(
          await context.api.request({
            url: 'crmWebhookDeliveries:list',
            params: { pageSize: 10, sort: '-id', appends: ['webhook'] },
          }),
          isDeliveries,
        ),
      rotateSecret: async (key: string): Promise<string> =>
        dataOf(
          await context.api.request({ url: `crmLeadForms:rotateSecret/${key}`, method: 'post' }),
          hasSecret,
        ).secret,
      addDemo: async (): Promise<void> =>
        void (await context.api.request({ url: 'crmLeads:addDemo', method: 'post' })),
      removeDemo: async (): Promise<void> =>
        void (await context.api.request({ url: 'crmLeads:removeDemo', method: 'post' })),
    }),
    [context],
  );
}

/** Translates in the plugin's namespace. */
export function useT(): (text: string, options?: Readonly<Record<string, unknown>>) => string {
  const context = useFlowContext();
  return useCallback(
    (text, options) => context.t(text, { ns: '@bizstack/plugin-crm', ...options }),
    [context],
  );
}

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  readonly reload: () => void;
}

/** Loads now and again every `everyMs` milliseconds while the page is shown. */
export function useLoaded<T>(load: () => Promise<T>, everyMs?: number): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<string>();
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  useEffect(() => {
    let shown = true;
    load().then(
      (loaded) => {
        if (!shown) return;
        setValue(loaded);
        setError(undefined);
      },
      (reason: unknown) => {
        if (shown) setError(reason instanceof Error ? reason.message : String(reason));
      },
    );
    const timer = everyMs === undefined ? undefined : setInterval(reload, everyMs);
    return () => {
      shown = false;
      clearInterval(timer);
    };
  }, [load, everyMs, reload, round]);
  return { value, error, reload };
}

function dataOf<T>(response: { readonly data: unknown }, check: (data: unknown) => data is T): T {
  const data: unknown = isRecord(response.data) ? response.data['data'] : undefined;
  if (!check(data)) throw new Error('The server answered something unexpected.');
  return data;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isForms(data: unknown): data is readonly Form[] {
  return Array.isArray(data) && data.every((form) => isRecord(form) && typeof form['key'] === 'string');
}

function isDeliveries(data: unknown): data is readonly Delivery[] {
  return (
    Array.isArray(data) &&
    data.every((delivery) => isRecord(delivery) && typeof delivery['eventType'] === 'string')
  );
}

function isHealth(data: unknown): data is Health {
  return (
    isRecord(data) &&
    typeof data['pending'] === 'number' &&
    Array.isArray(data['relays']) &&
    isRecord(data['deliveries'])
  );
}

function hasSecret(data: unknown): data is { readonly secret: string } {
  return isRecord(data) && typeof data['secret'] === 'string';
}
