/** The part of NocoBase 2.x's server packages that bizstack plugins use. Written from its documented behaviour. */

declare module '@nocobase/database' {
  export interface Transaction {
    /** Runs after the outermost commit. */
    afterCommit(callback: () => unknown): void;
    commit(): Promise<void>;
    rollback(): Promise<void>;
  }

  export interface Model {
    get(name: string): unknown;
    set(name: string, value: unknown): void;
    previous(name: string): unknown;
    changed(name: string): boolean;
    update(values: Readonly<Record<string, unknown>>, options?: WriteOptions): Promise<Model>;
    toJSON(): Record<string, unknown>;
    readonly constructor: { readonly name: string };
  }

  export interface WriteOptions {
    readonly transaction?: Transaction;
    /** Handed to hooks untouched. */
    readonly context?: unknown;
    readonly hooks?: boolean;
  }

  export interface FindOptions {
    readonly filter?: Readonly<Record<string, unknown>>;
    readonly filterByTk?: unknown;
    readonly fields?: readonly string[];
    readonly appends?: readonly string[];
    readonly sort?: readonly string[] | string;
    readonly limit?: number;
    readonly offset?: number;
    readonly transaction?: Transaction;
    /** Row lock, for example `transaction.LOCK.UPDATE`'s value `UPDATE`. */
    readonly lock?: 'UPDATE' | 'SHARE';
  }

  export interface Repository {
    find(options?: FindOptions): Promise<Model[]>;
    findOne(options?: FindOptions): Promise<Model | null>;
    count(options?: Pick<FindOptions, 'filter' | 'transaction'>): Promise<number>;
    create(options: WriteOptions & { readonly values: Readonly<Record<string, unknown>> }): Promise<Model>;
    update(
      options: WriteOptions &
        Pick<FindOptions, 'filter' | 'filterByTk'> & { readonly values: Readonly<Record<string, unknown>> },
    ): Promise<Model[]>;
    destroy(options: WriteOptions & Pick<FindOptions, 'filter' | 'filterByTk'>): Promise<unknown>;
  }

  /** Of the collection `collections`: makes a code-defined collection known to the user interface. */
  export interface CollectionRepository extends Repository {
    db2cm(name: string): Promise<void>;
  }

  export interface Collection {
    readonly name: string;
    /** Table name as it stands in SQL, quoted, with schema where one is set. */
    quotedTableName(): string;
    readonly model: { readonly rawAttributes: Readonly<Record<string, { readonly field?: string }>> };
    /** Field that `filterByTk` means. */
    readonly filterTargetKey?: string | readonly string[];
  }

  export interface QueryOptions {
    readonly transaction?: Transaction;
    /** Values of `$1`, `$2`, … or of `$name`. */
    readonly bind?: readonly unknown[] | Readonly<Record<string, unknown>>;
    readonly type: 'SELECT';
  }

  export interface Sequelize {
    query(sql: string, options: QueryOptions): Promise<object[]>;
    transaction(): Promise<Transaction>;
    transaction<T>(run: (transaction: Transaction) => Promise<T>): Promise<T>;
    /** Within a transaction: a savepoint. */
    transaction<T>(
      options: { readonly transaction: Transaction },
      run: (transaction: Transaction) => Promise<T>,
    ): Promise<T>;
  }

  export interface ConnectionOptions {
    readonly dialect?: string;
    readonly host?: string;
    readonly port?: number | string;
    readonly database?: string;
    readonly username?: string;
    readonly password?: string;
    readonly schema?: string;
    readonly dialectOptions?: { readonly ssl?: unknown };
  }

  export interface HookOptions {
    readonly transaction?: Transaction;
    readonly context?: unknown;
  }

  export interface Database {
    readonly options: ConnectionOptions;
    readonly sequelize: Sequelize;
    getRepository(name: 'collections'): CollectionRepository;
    getRepository(name: string): Repository;
    getCollection(name: string): Collection;
    hasCollection(name: string): boolean;
    /** With a collection's name in front: its records only; without one: those of every collection. */
    on(event: `${string}.${ModelEvent}` | ModelEvent, hook: ModelHook): unknown;
    on(event: `${string}.${BulkEvent}` | BulkEvent, hook: BulkHook): unknown;
  }

  export type ModelEvent =
    'beforeCreate' | 'afterCreate' | 'beforeUpdate' | 'afterUpdate' | 'beforeDestroy' | 'afterDestroy';
  export type BulkEvent = 'beforeBulkCreate' | 'afterBulkCreate';

  export type ModelHook = (model: Model, options: HookOptions) => Promise<void>;
  export type BulkHook = (models: Model[], options: HookOptions) => Promise<void>;

  export interface FieldDefinition {
    readonly name: string;
    readonly type: string;
    readonly interface?: string;
    readonly uiSchema?: Readonly<Record<string, unknown>>;
    readonly [option: string]: unknown;
  }

  export interface CollectionDefinition {
    readonly name: string;
    readonly title?: string;
    readonly fields: readonly FieldDefinition[];
    readonly [option: string]: unknown;
  }

  export function defineCollection(definition: CollectionDefinition): CollectionDefinition;
}

declare module '@nocobase/actions' {
  import type { Database } from '@nocobase/database';
  import type { Application } from '@nocobase/server';

  export interface CurrentUser {
    readonly id: number;
  }

  export interface Context {
    readonly app: Application;
    readonly db: Database;
    readonly method: string;
    readonly path: string;
    readonly request: {
      /** Address of the socket's other end. */
      readonly ip: string;
      readonly body?: unknown;
      /** The body as it was sent, for JSON and form bodies. */
      readonly rawBody?: string;
    };
    readonly state: {
      readonly currentUser?: CurrentUser;
      readonly currentRoles?: readonly string[];
      /** First address of X-Forwarded-For, else the socket's: only to be trusted behind a proxy of one's own. */
      readonly clientIp?: string;
    };
    readonly action: {
      readonly resourceName: string;
      readonly actionName: string;
      readonly params: {
        readonly filterByTk?: string | number;
        readonly values?: unknown;
        readonly [name: string]: unknown;
      };
    };
    status: number;
    body: unknown;
    type: string;
    /** True sends `body` as it is; else NocoBase wraps it as `{ data }`. */
    withoutDataWrapping?: boolean;
    get(header: string): string;
    set(header: string, value: string): void;
    remove(header: string): void;
  }

  export type Next = () => Promise<void>;
  export type Handler = (context: Context, next: Next) => Promise<void>;
}

declare module '@nocobase/server' {
  import type { Context, Handler, Next } from '@nocobase/actions';
  import type { Database } from '@nocobase/database';

  export interface Logger {
    debug(message: string, meta?: object): void;
    info(message: string, meta?: object): void;
    warn(message: string, meta?: object): void;
    error(message: string, meta?: object): void;
  }

  export interface Acl {
    registerSnippet(snippet: { readonly name: string; readonly actions: readonly string[] }): void;
    allow(resource: string, actions: string | readonly string[], condition: 'public' | 'loggedIn'): void;
    /** What roles may see through an action. Throws when they may not call it. */
    resolveActionParams(
      context: {
        readonly db: Database;
        readonly state: {
          readonly currentUser: { readonly id: number | string };
          readonly currentRole: string;
          readonly currentRoles: readonly string[];
        };
      },
      options: { readonly resourceName: string; readonly actionName: string },
    ): Promise<{
      readonly parsedParams?: {
        readonly fields?: readonly string[];
        readonly whitelist?: readonly string[];
        readonly except?: readonly string[];
        readonly filter?: Readonly<Record<string, unknown>>;
      };
    }>;
  }

  export interface ResourceManager {
    define(resource: { readonly name: string; readonly actions: Readonly<Record<string, Handler>> }): void;
    registerActionHandlers(handlers: Readonly<Record<`${string}:${string}`, Handler>>): void;
    getAction(
      resource: string,
      action: string,
    ): { readonly handler: (context: object, next: Next) => Promise<void> };
  }

  export interface ErrorHandlerPlugin {
    readonly errorHandler: {
      register(guard: (error: unknown) => boolean, render: (error: unknown, context: Context) => void): void;
    };
  }

  export interface PluginManager {
    get(name: 'error-handler'): ErrorHandlerPlugin | undefined;
    get(name: string): Plugin | undefined;
  }

  export interface AesEncryptor {
    encrypt(text: string): Promise<string>;
    decrypt(text: string): Promise<string>;
  }

  export interface Application {
    readonly name: string;
    readonly db: Database;
    readonly pm: PluginManager;
    readonly acl: Acl;
    readonly resourceManager: ResourceManager;
    readonly aesEncryptor: AesEncryptor;
    readonly log: Logger;
    readonly i18n: object;
    readonly cache: object;
    on(event: 'afterStart' | 'beforeStop' | 'afterLoad', listener: () => unknown): this;
  }

  export abstract class Plugin {
    readonly app: Application;
    readonly name: string;
    readonly db: Database;
    readonly log: Logger;
    readonly enabled: boolean;
    beforeLoad(): void | Promise<void>;
    load(): Promise<void>;
    install(): Promise<void>;
    upgrade(): Promise<void>;
    afterEnable(): Promise<void>;
    beforeDisable(): Promise<void>;
    afterDisable(): Promise<void>;
  }

  export abstract class Migration {
    readonly app: Application;
    readonly db: Database;
    on: 'beforeLoad' | 'afterSync' | 'afterLoad';
    appVersion?: string;
    up(): Promise<void>;
  }
}
