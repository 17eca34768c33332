import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TestHome, TestServer } from '../support/test-server';

describe('a server that is killed', () => {
  const home = new TestHome();
  afterAll(() => home.remove());

  it('has every acknowledged row after a restart', async () => {
    const first = await TestServer.start([], home);
    const client = first.client();
    await first.sql('CREATE TABLE kept (id UInt64) ENGINE = MergeTree ORDER BY id');
    await first.sql('CREATE DATABASE kept_too');
    await first.sql('CREATE TABLE kept_too.log (id UInt64) ENGINE = Log');
    let acknowledged = 0;
    let stopped = false;
    const writer = (async () => {
      while (!stopped) {
        const values = Array.from({ length: 100 }, (_, row) => ({ id: acknowledged + row }));
        const inserted = await client.insert({ table: 'kept', values, format: 'JSONEachRow' }).then(
          () => true,
          () => false,
        );
        if (inserted) acknowledged += 100;
      }
    })();
    while (acknowledged < 1_000) await new Promise((resolve) => setImmediate(resolve));
    await first.stop('SIGKILL');
    stopped = true;
    await writer;
    await client.close();

    const second = await TestServer.start([], home);
    const rows = Number(await second.sql('SELECT uniqExact(id) FROM kept'));
    // The batch under way at the kill may have been written without its answer.
    expect([acknowledged, acknowledged + 100]).toContain(rows);
    expect(await second.sql('SHOW TABLES FROM kept_too')).toBe('log');
    expect(readdirSync(join(home.dataDir, 'spool')).filter((name) => !name.endsWith('.fifo'))).toEqual([]);
    expect(await second.stop()).toBe(0);
    expect(existsSync(join(home.dataDir, 'spool'))).toBe(false);
  });

  it('keeps the database default through restarts, empty or not', async () => {
    for (const step of [
      'SELECT 1',
      'CREATE TABLE one (a UInt8) ENGINE = Log',
      'DROP TABLE one SYNC',
      'SELECT 1',
    ]) {
      const server = await TestServer.start([], home);
      await server.sql(step);
      expect(await server.sql('SHOW CREATE DATABASE default FORMAT TSVRaw')).toBe(
        'CREATE DATABASE default\nENGINE = Atomic',
      );
      await server.stop('SIGKILL');
    }
  });

  it('refuses a data directory on which another server runs', async () => {
    const server = await TestServer.start([], home);
    await expect(TestServer.start([], home)).rejects.toThrow(/BIZ_CLICKHOUSE_DATA_DIR/);
    expect(await server.sql('SELECT 1')).toBe('1');
    await server.stop();
  });

  it('lets a running query end at SIGTERM', async () => {
    const server = await TestServer.start([], home);
    const answer = server.sql('SELECT sleep(2) + 5');
    await server.request('/?query=SELECT+1');
    const [text, code] = await Promise.all([answer, server.stop()]);
    expect([text, code]).toEqual(['5', 0]);
  });
});
