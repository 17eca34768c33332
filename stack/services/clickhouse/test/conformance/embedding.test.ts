import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { startServer } from '../../src';
// Jest's own time limit, set there, suits the engine's start.
import '../support/test-server';

describe('startServer in this process', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bizstack-clickhouse-embedded-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
  const options = { dataDir, port: 0, user: 'me', password: 'secret' };

  it('serves, closes, and can be started again on the same data', async () => {
    const first = await startServer(options);
    const client = createClient({ url: first.url, username: 'me', password: 'secret' });
    await client.command({ query: 'CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a' });
    await client.insert({ table: 'kept', values: [{ a: 1 }], format: 'JSONEachRow' });
    await client.close();
    await expect(startServer(options)).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_ENGINE_OPEN' });
    await first.close();
    await first.close();

    const second = await startServer(options);
    const again = createClient({ url: second.url, username: 'me', password: 'secret' });
    const result = await again.query({ query: 'SELECT a FROM kept', format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ a: 1 }]);
    await again.close();

    await second.close();
  });

  it('runs no more queries at once than the process has threads for', async () => {
    await expect(startServer({ ...options, maxConcurrentQueries: 64 })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_THREADS',
    });
  });
});
