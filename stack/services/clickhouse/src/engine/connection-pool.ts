import { type Connection } from './connection';
import { type Engine } from './engine';

/** Keeps clean connections for requests without a session. GET requests have their own, set to readonly = 2. */
export class ConnectionPool {
  readonly #engine: Engine;
  readonly #maxIdle: number;
  readonly #idle: { normal: Connection[]; readonly: Connection[] } = { normal: [], readonly: [] };

  constructor(engine: Engine, maxIdle: number) {
    this.#engine = engine;
    this.#maxIdle = maxIdle;
  }

  /**
   * @param pristine a connection on which no parameter was ever set: for statements whose parameters the
   *   engine itself must find missing
   */
  async take(kind: 'normal' | 'readonly', pristine: boolean): Promise<Connection> {
    const idle = pristine ? undefined : this.#idle[kind].pop();
    if (idle !== undefined) return idle;
    const connection = await this.#engine.connect();
    if (kind === 'readonly') await connection.run('SET readonly = 2');
    return connection;
  }

  /** Takes the request's state off and keeps the connection, or closes it when it cannot be cleaned. */
  async give(kind: 'normal' | 'readonly', connection: Connection): Promise<void> {
    await connection.undo();
    if (connection.spoiled || this.#idle[kind].length >= this.#maxIdle) connection.close();
    else this.#idle[kind].push(connection);
  }

  close(): void {
    for (const connection of [...this.#idle.normal, ...this.#idle.readonly]) connection.close();
    this.#idle.normal = [];
    this.#idle.readonly = [];
  }
}
