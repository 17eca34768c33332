import { createHash } from 'node:crypto';

export interface PoolOptions<K, C> {
  /** Opens the connection; a failure is not kept. */
  readonly open: (key: K) => Promise<C> | C;
  /** Closes it; errors are ignored, the connection is gone either way. */
  readonly close: (connection: C) => Promise<void> | void;
  /** Milliseconds without use after which a connection is closed. */
  readonly idleMs?: number;
}

export interface ConnectionPool<K, C> {
  /** Runs `work` with the connection of `key`, opened on first use and kept open while anything uses it. */
  use<T>(key: K, work: (connection: C) => Promise<T>): Promise<T>;
  /** Drops the connection of `key`, so that the next use opens a new one; running work keeps the old one. */
  discard(key: K): Promise<void>;
  /** Closes every connection; running work keeps its connection until it ends. */
  closeAll(): Promise<void>;
  /** Connections that are open now. */
  readonly size: number;
}

interface Entry<C> {
  readonly connection: Promise<C>;
  users: number;
  dropped: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Connections shared by every run in this process, one for each distinct key. The key is the whole auth
 * value: two connections with the same settings share, a changed password opens anew. Only a hash of the
 * key is kept. Idle timers never keep the process alive.
 */
export function createConnectionPool<K, C>({
  open,
  close,
  idleMs = 60_000,
}: PoolOptions<K, C>): ConnectionPool<K, C> {
  const entries = new Map<string, Entry<C>>();
  const hashes = new WeakMap<object, string>();

  function hashOfKey(key: K): string {
    if (typeof key !== 'object' || key === null || !Object.isFrozen(key)) return hashOf(key);
    let hash = hashes.get(key);
    if (hash === undefined) hashes.set(key, (hash = hashOf(key)));
    return hash;
  }

  async function closeEntry(entry: Entry<C>): Promise<void> {
    try {
      await close(await entry.connection);
    } catch {
      // Nothing can be done about a connection that does not close; the next use opens a new one.
    }
  }

  async function drop(hash: string, entry: Entry<C>): Promise<void> {
    if (entries.get(hash) === entry) entries.delete(hash);
    clearTimeout(entry.timer);
    entry.dropped = true;
    if (entry.users === 0) await closeEntry(entry);
  }

  function acquire(key: K): [string, Entry<C>] {
    const hash = hashOfKey(key);
    let entry = entries.get(hash);
    if (!entry) {
      entry = {
        connection: Promise.resolve().then(() => open(key)),
        users: 0,
        dropped: false,
        timer: undefined,
      };
      entries.set(hash, entry);
    }
    entry.users += 1;
    return [hash, entry];
  }

  function release(hash: string, entry: Entry<C>): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (entry.dropped) {
      void closeEntry(entry);
      return;
    }
    if (entry.timer) {
      entry.timer.refresh();
      return;
    }
    entry.timer = setTimeout(() => entry.users === 0 && void drop(hash, entry), idleMs);
    entry.timer.unref();
  }

  return {
    async use(key, work) {
      const [hash, entry] = acquire(key);
      try {
        let connection: C;
        try {
          connection = await entry.connection;
        } catch (error) {
          if (entries.get(hash) === entry) entries.delete(hash);
          entry.dropped = true;
          throw error;
        }
        return await work(connection);
      } finally {
        release(hash, entry);
      }
    },
    async discard(key) {
      const hash = hashOfKey(key);
      const entry = entries.get(hash);
      if (entry) await drop(hash, entry);
    },
    async closeAll() {
      await Promise.all([...entries].map(([hash, entry]) => drop(hash, entry)));
    },
    get size() {
      return entries.size;
    },
  };
}

/** SHA-256 of a value; the order of an object's keys does not matter. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'undefined'
  );
}
