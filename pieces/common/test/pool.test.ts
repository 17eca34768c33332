import { createConnectionPool, hashOf } from '../src';

interface Connection {
  readonly id: number;
  closed: boolean;
}

function setUp(options: { idleMs?: number; failFirst?: boolean } = {}) {
  const opened: Connection[] = [];
  let calls = 0;
  const pool = createConnectionPool<object, Connection>({
    open: async () => {
      calls += 1;
      if (options.failFirst && calls === 1) throw new Error('refused');
      const connection = { id: opened.length, closed: false };
      opened.push(connection);
      return connection;
    },
    close: (connection) => {
      connection.closed = true;
    },
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
  });
  return { pool, opened };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  expect(condition()).toBe(true);
}

describe('connection pool', () => {
  it('shares a connection among equal keys, whatever the order of their fields', async () => {
    const { pool, opened } = setUp();
    const ids = await Promise.all([
      pool.use({ a: 1, b: { c: 2, d: 3 } }, async ({ id }) => id),
      pool.use({ b: { d: 3, c: 2 }, a: 1 }, async ({ id }) => id),
    ]);
    expect(ids).toEqual([0, 0]);
    await pool.use({ a: 2 }, async () => undefined);
    expect(opened).toHaveLength(2);
  });

  it('closes a connection when it is idle, and never one in use', async () => {
    const { pool, opened } = setUp({ idleMs: 1 });
    let finish: () => void = () => undefined;
    const running = pool.use({}, () => new Promise<void>((resolve) => (finish = resolve)));
    await pool.use({}, async () => undefined);
    expect(opened.map(({ closed }) => closed)).toEqual([false]);
    finish();
    await running;
    await until(() => opened[0]?.closed === true);
    expect(pool.size).toBe(0);
  });

  it('opens anew after a failure to open', async () => {
    const { pool } = setUp({ failFirst: true });
    await expect(pool.use({}, async () => 1)).rejects.toThrow('refused');
    await expect(pool.use({}, async () => 1)).resolves.toBe(1);
  });

  it('lets running work keep a connection that is discarded', async () => {
    const { pool, opened } = setUp();
    await pool.use({}, async (first) => {
      await pool.discard({});
      expect(first.closed).toBe(false);
      await pool.use({}, async (second) => expect(second.id).not.toBe(first.id));
    });
    await until(() => opened[0]?.closed === true);
    await pool.closeAll();
    expect(opened.every(({ closed }) => closed)).toBe(true);
  });

  it('keeps a hash of the key, not the key', () => {
    expect(hashOf({ password: 'top-secret' })).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf({ password: 'a' })).not.toBe(hashOf({ password: 'b' }));
  });
});
