/** The part of NocoBase 2.x's client packages that bizstack plugins use. */

declare module '@nocobase/client-v2' {
  type Component = import('react').ComponentType;

  /** What a dynamic import of a page gives: a CommonJS module may stand one level deeper. */
  export interface ComponentModule {
    readonly default: Component | { readonly default: Component };
  }

  export interface SettingsTab {
    readonly menuKey: string;
    readonly key: string;
    readonly title: string;
    readonly sort?: number;
    readonly componentLoader: () => Promise<ComponentModule>;
  }

  export interface PluginSettingsManager {
    addMenuItem(item: { readonly key: string; readonly title: string; readonly icon?: string }): void;
    addPageTabItem(tab: SettingsTab): void;
  }

  export interface Router {
    add(
      name: string,
      route: { readonly path: string; readonly componentLoader: () => Promise<ComponentModule> },
    ): void;
  }

  export abstract class Plugin {
    readonly pluginSettingsManager: PluginSettingsManager;
    readonly router: Router;
    /** Translates in the plugin's own namespace. */
    t(text: string): string;
    load(): Promise<void>;
  }
}

declare module '@nocobase/client' {
  export abstract class Plugin {
    load(): Promise<void>;
  }
}

declare module '@nocobase/flow-engine' {
  export interface ApiResponse {
    readonly status: number;
    readonly data: unknown;
  }

  export interface FlowContext {
    readonly api: {
      request(options: {
        readonly url: string;
        readonly method?: 'get' | 'post';
        readonly data?: unknown;
        readonly params?: Readonly<Record<string, unknown>>;
      }): Promise<ApiResponse>;
    };
    t(text: string, options?: Readonly<Record<string, unknown>>): string;
  }

  export function useFlowContext(): FlowContext;
}
