import { type ClickHouseClient } from '@clickhouse/client';
import { eventually, TestServer, unique } from '../support/test-server';

const ENDLESS = 'SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))';

describe('cancelling', () => {
  let server: TestServer;
  let client: ClickHouseClient;

  beforeAll(async () => {
    server = await TestServer.start([
      '--max-concurrent-queries',
      '3',
      '--max-queued-queries',
      '1',
      '--queue-timeout-seconds',
      '30',
    ]);
    client = server.client();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  const running = async (query_id: string): Promise<boolean> =>
    (await server.sql(`SELECT count() FROM system.processes WHERE query_id = '${query_id}'`)) === '1';

  it('ends a query whose client goes away before the first row', async () => {
    const query_id = unique('q');
    const abort = new AbortController();
    const query = client.query({ query: ENDLESS, query_id, abort_signal: abort.signal });
    await eventually(() => running(query_id));
    abort.abort();
    await expect(query).rejects.toThrow();
    await eventually(async () => !(await running(query_id)));
  });

  it('ends a query whose client goes away in the middle of the rows', async () => {
    const query_id = unique('q');
    const result = await client.query({
      query: 'SELECT number FROM system.numbers',
      query_id,
      format: 'JSONEachRow',
    });
    expect(await running(query_id)).toBe(true);
    result.close();
    await eventually(async () => !(await running(query_id)));
  });

  it.each(['SYNC', 'ASYNC'])('kills by query id, %s', async (mode) => {
    const query_id = unique('q');
    const query = client.query({ query: ENDLESS, query_id }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await eventually(() => running(query_id));
    const killed = await client.query({
      query: `KILL QUERY WHERE query_id = '${query_id}' ${mode}`,
      format: 'JSONEachRow',
    });
    expect(await killed.json()).toEqual([
      {
        kill_status: mode === 'SYNC' ? 'finished' : 'waiting',
        query_id,
        user: 'bizstack',
        query: expect.stringContaining('sipHash64') as string,
      },
    ]);
    expect(await query).toMatchObject({ code: '394' });
  });

  it('shows what would be killed, and finds nothing that does not run', async () => {
    const query_id = unique('q');
    const query = client.query({ query: 'SELECT sleep(3)', query_id });
    await eventually(() => running(query_id));
    expect(await server.sql(`KILL QUERY WHERE query_id = '${query_id}' TEST FORMAT JSONEachRow`)).toContain(
      query_id,
    );
    await query;
    expect(await server.sql(`KILL QUERY WHERE query_id = '${query_id}'`)).toBe('');
  });

  it('kills an INSERT … SELECT; a client that goes away does not end one', async () => {
    const query_id = unique('q');
    const insert = client
      .command({
        query: "INSERT INTO FUNCTION null('a UInt64') SELECT number FROM numbers(1000000000000)",
        query_id,
      })
      .catch((error: unknown) => error);
    await eventually(() => running(query_id));
    await server.sql(`KILL QUERY WHERE query_id = '${query_id}' SYNC`);
    expect(await insert).toMatchObject({ code: '394' });
  });

  it('lists processes with the ids and texts that clients sent', async () => {
    const query_id = unique('q');
    const text = await client.query({
      query: 'SELECT p.query_id AS id, p.user AS user, p.query AS query FROM system.processes AS p',
      query_id,
      format: 'JSONEachRow',
    });
    expect(await text.json()).toEqual([
      {
        id: query_id,
        user: 'bizstack',
        query: expect.stringMatching(/^SELECT p\.query_id[^]*FORMAT JSONEachRow$/) as string,
      },
    ]);
    expect(await server.sql('SHOW PROCESSLIST')).toContain('SHOW PROCESSLIST');
  });

  it('runs a bounded number at once, queues some, refuses the rest', async () => {
    const ids = [unique('q'), unique('q'), unique('q')];
    const holding = ids.map((query_id) =>
      client.query({ query: ENDLESS, query_id }).catch((error: unknown) => error),
    );
    const refusals: unknown[] = await Promise.all(
      // One of two waits in the queue; whichever comes second is refused.
      [0, 1].map((n) =>
        new Promise((resolve) => setTimeout(resolve, 1_000)).then(() =>
          Promise.race([
            client.query({ query: `SELECT ${n}` }).catch((error: unknown) => error),
            new Promise((resolve) => setTimeout(() => resolve('waits'), 2_000)),
          ]),
        ),
      ),
    );
    expect(refusals).toContain('waits');
    expect(refusals).toContainEqual(expect.objectContaining({ code: '202' }));
    expect((await fetch(`${server.url}/ping`)).status).toBe(200);
    void holding;
    await server.stop();
    await Promise.all(holding);
    server = await TestServer.start();
  });
});
