import { failure } from '../errors';
import { type Connection } from './connection';
import { type Engine } from './engine';

export interface SessionRequest {
  readonly id: string;
  /** Fail when the session does not exist yet. */
  readonly mustExist: boolean;
  /** Idle seconds after which the session ends; undefined = 60. */
  readonly timeout: string | undefined;
  /** End the session after this request. */
  readonly close: boolean;
}

interface Entry {
  readonly connection: Connection;
  /** Parameters that the client itself set by SET param_… */
  readonly ownParameters: Set<string>;
  busy: boolean;
  timer: NodeJS.Timeout | undefined;
}

export interface SessionLease {
  readonly connection: Connection;
  readonly ownParameters: Set<string>;
  release(): Promise<void>;
}

const DEFAULT_TIMEOUT = 60;
const MAX_TIMEOUT = 3600;

/** Named sessions: one connection each, used by one request at a time, ended after their idle time. */
export class Sessions {
  readonly #engine: Engine;
  readonly #max: number;
  readonly #entries = new Map<string, Entry | 'opening'>();

  constructor(engine: Engine, max: number) {
    this.#engine = engine;
    this.#max = max;
  }

  /** @throws ClickHouseError 372 not found, 373 locked, 374 bad timeout, 202 too many sessions */
  async take(request: SessionRequest): Promise<SessionLease> {
    const seconds = readTimeout(request.timeout);
    const known = this.#entries.get(request.id);
    if (known === 'opening' || known?.busy === true) {
      throw failure('SESSION_IS_LOCKED', `Session ${request.id} is locked by a concurrent client.`);
    }
    const entry = known ?? (await this.#open(request));
    entry.busy = true;
    clearTimeout(entry.timer);
    return {
      connection: entry.connection,
      ownParameters: entry.ownParameters,
      release: async () => {
        await entry.connection.undo();
        entry.busy = false;
        if (request.close || entry.connection.spoiled) this.#end(request.id);
        else entry.timer = setTimeout(() => this.#end(request.id), seconds * 1000).unref();
      },
    };
  }

  async #open(request: SessionRequest): Promise<Entry> {
    if (request.mustExist) throw failure('SESSION_NOT_FOUND', `Session ${request.id} not found.`);
    if (this.#entries.size >= this.#max) {
      throw failure(
        'TOO_MANY_SIMULTANEOUS_QUERIES',
        `Too many sessions: ${this.#max} are open. Close one or wait until one times out.`,
      );
    }
    this.#entries.set(request.id, 'opening');
    try {
      const connection = await this.#engine.connect();
      const entry: Entry = { connection, ownParameters: new Set(), busy: true, timer: undefined };
      this.#entries.set(request.id, entry);
      return entry;
    } catch (error) {
      this.#entries.delete(request.id);
      throw error;
    }
  }

  #end(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry === 'opening' || entry.busy) return;
    this.#entries.delete(id);
    entry.connection.close();
  }

  close(): void {
    for (const entry of this.#entries.values()) {
      if (entry === 'opening') continue;
      clearTimeout(entry.timer);
      entry.connection.close();
    }
    this.#entries.clear();
  }
}

function readTimeout(value: string | undefined): number {
  if (value === undefined) return DEFAULT_TIMEOUT;
  const seconds = Number(value);
  if (!/^\d+$/.test(value) || seconds < 1) {
    throw failure('INVALID_SESSION_TIMEOUT', `Invalid session timeout: '${value}'. Give whole seconds.`);
  }
  if (seconds > MAX_TIMEOUT) {
    throw failure(
      'INVALID_SESSION_TIMEOUT',
      `Session timeout '${value}' is larger than max_session_timeout: ${MAX_TIMEOUT}.`,
    );
  }
  return seconds;
}
