import { type ClickHouseClient } from '@clickhouse/client';
import { eventually, TestServer, unique } from '../support/test-server';

describe('sessions', () => {
  let server: TestServer;
  let client: ClickHouseClient;

  beforeAll(async () => {
    server = await TestServer.start();
    client = server.client();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('keep temporary tables, settings and the database to themselves', async () => {
    const session_id = unique('s');
    await client.command({ query: 'CREATE TEMPORARY TABLE mine AS SELECT 42 AS answer', session_id });
    await client.command({ query: 'SET max_block_size = 777', session_id });
    await client.command({ query: 'USE system', session_id });
    const query = "SELECT answer, getSetting('max_block_size') AS size, currentDatabase() AS db FROM mine";
    const result = await client.query({ query, session_id, format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ answer: 42, size: 777, db: 'system' }]);
    await expect(client.query({ query })).rejects.toMatchObject({ code: '60' });
    await expect(client.query({ query, session_id: unique('s') })).rejects.toMatchObject({ code: '60' });
  });

  it("take a request's own settings off again", async () => {
    const session_id = unique('s');
    const size = async (settings: Record<string, string>): Promise<string> => {
      const parameters = new URLSearchParams({ session_id, ...settings });
      const response = await server.request(`/?${parameters.toString()}`, {
        method: 'POST',
        body: "SELECT getSetting('max_block_size'), currentDatabase()",
      });
      return (await response.text()).trim();
    };
    await client.command({ query: 'SET max_block_size = 777', session_id });
    expect(await size({ max_block_size: '5', database: 'system' })).toBe('5\tsystem');
    expect(await size({})).toBe('777\tdefault');
  });

  it('keep parameters that they SET, and only those', async () => {
    const session_id = unique('s');
    await client.command({ query: "SET param_kept = 'yes'", session_id });
    const text = async (query: string, query_params?: Record<string, string>): Promise<string> =>
      (await (await client.query({ query, query_params, session_id, format: 'TabSeparated' })).text()).trim();
    expect(await text('SELECT {kept:String}, {once:String}', { once: 'now' })).toBe('yes\tnow');
    expect(await text('SELECT {kept:String}')).toBe('yes');
    await expect(text('SELECT {once:String}')).rejects.toMatchObject({ code: '456' });
  });

  it('are locked while a request runs in them', async () => {
    const session_id = unique('s');
    const running = client.query({ query: 'SELECT sleep(2)', session_id });
    await eventually(
      async () =>
        (await server.sql("SELECT count() FROM system.processes WHERE query LIKE '%sleep(2)%'")) !== '0',
    );
    await expect(client.query({ query: 'SELECT 1', session_id })).rejects.toMatchObject({ code: '373' });
    await running;
    await expect(client.query({ query: 'SELECT 1', session_id })).resolves.toBeDefined();
  });

  it('are checked and closed', async () => {
    const id = unique('s');
    const send = (extra: string): Promise<Response> =>
      server.request(`/?session_id=${id}${extra}`, { method: 'POST', body: 'SELECT 1' });
    const missing = await send('&session_check=1');
    expect(missing.headers.get('x-clickhouse-exception-code')).toBe('372');
    expect((await send('&session_timeout=1')).status).toBe(200);
    expect((await send('&close_session=1')).status).toBe(200);
    expect((await send('&session_check=1')).headers.get('x-clickhouse-exception-code')).toBe('372');
    expect((await send('&session_timeout=5000')).headers.get('x-clickhouse-exception-code')).toBe('374');
    expect((await send('&session_timeout=x')).headers.get('x-clickhouse-exception-code')).toBe('374');
  });

  it('end after their idle time', async () => {
    const id = unique('s');
    const send = (extra: string, body: string): Promise<Response> =>
      server.request(`/?session_id=${id}${extra}`, { method: 'POST', body });
    await send('&session_timeout=1', 'CREATE TEMPORARY TABLE mine AS SELECT 1 AS a');
    // Each look prolongs the session by a second, so looks are further apart than that.
    let code: string | null = null;
    for (let look = 0; look < 10 && code === null; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      code = (await send('&session_check=1&session_timeout=1', 'SELECT 1')).headers.get(
        'x-clickhouse-exception-code',
      );
    }
    expect(code).toBe('372');
  });

  it('stay read-only for GET', async () => {
    const id = unique('s');
    const get = (query: string): Promise<Response> =>
      server.request(`/?session_id=${id}&query=${encodeURIComponent(query)}`);
    expect(await (await get('SELECT 5')).text()).toBe('5\n');
    const refused = await get('CREATE TABLE nope (a UInt8) ENGINE = Log');
    expect(refused.headers.get('x-clickhouse-exception-code')).toBe('164');
  });
});
