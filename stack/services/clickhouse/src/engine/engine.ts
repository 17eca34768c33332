import { mkdirSync } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BizError } from '@bizstack/contracts';
import { drainPending, Session } from 'chdb';
import { Connection } from './connection';

/** The engine binds one data directory per process. */
let openPath: string | undefined;

/**
 * The embedded ClickHouse engine on one data directory. The control connection stays open as long as the
 * engine does, so merges, materialized views and Kafka tables go on while no client is connected.
 */
export class Engine {
  readonly path: string;
  readonly control: Connection;
  readonly version: string;
  readonly timezone: string;
  /** Server-side default of `enable_http_compression`. */
  readonly compressByDefault: boolean;

  private constructor(path: string, control: Connection, facts: readonly (string | null)[]) {
    this.path = path;
    this.control = control;
    this.version = facts[0] ?? '';
    this.timezone = facts[1] ?? 'UTC';
    this.compressByDefault = facts[2] === '1';
  }

  /**
   * @throws BizError `BIZ_CLICKHOUSE_ENGINE_OPEN` when this process already serves another directory,
   *   `BIZ_CLICKHOUSE_DATA_DIR` when the directory cannot be opened (another server runs on it, no access).
   */
  static async open(path: string): Promise<Engine> {
    if (openPath !== undefined) {
      throw new BizError(
        'BIZ_CLICKHOUSE_ENGINE_OPEN',
        `This process already runs an engine on ${openPath}; it can run one.`,
        { hint: 'Close that server first, or start this one in a process of its own.' },
      );
    }
    openPath = path;
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const control = new Connection(new Session(path));
      await control.baseline();
      await replaceDefaultDatabase(control, path);
      const [facts] = await control.rows(
        "SELECT version(), timezone(), (SELECT value FROM system.settings WHERE name = 'enable_http_compression')",
      );
      return new Engine(path, control, facts ?? []);
    } catch (cause) {
      openPath = undefined;
      throw new BizError('BIZ_CLICKHOUSE_DATA_DIR', `The engine could not open ${path}.`, {
        hint: 'Another server may be running on this directory, or this user may not write to it.',
        cause,
      });
    }
  }

  /** A connection with a server's defaults. */
  async connect(): Promise<Connection> {
    const connection = new Connection(new Session(this.path));
    await connection.baseline();
    return connection;
  }

  async close(): Promise<void> {
    this.control.close();
    await drainPending();
    openPath = undefined;
  }
}

/**
 * The embedded engine makes `default` an overlay over the local file system, in which any path is a table.
 * A plain Atomic database of that name takes its place; it is the one the engine itself keeps in metadata.
 */
async function replaceDefaultDatabase(control: Connection, path: string): Promise<void> {
  const metadata = join(path, 'metadata');
  // Without its folder the database never had a table, and the engine cannot attach it.
  const known = await exists(join(metadata, 'default'));
  if (!known) await rm(join(metadata, 'default.sql'), { force: true });
  await control.run('SET check_table_dependencies = 0');
  await control.run('DETACH DATABASE default');
  await control.run(known ? 'ATTACH DATABASE default' : 'CREATE DATABASE default ENGINE = Atomic');
  await control.run('SET check_table_dependencies = DEFAULT; USE default');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
