import { request } from 'node:http';
import { bundleDemo } from './fixtures/bundled';
import {
  code,
  demoTrigger,
  MANUAL,
  piece,
  respond,
  router,
  template,
  webhookTrigger,
} from './fixtures/flows';
import { lineSource, outputOf, runOnce, settled, start, stopAll, until } from './fixtures/running';
import { containing } from './fixtures/matchers';

jest.setTimeout(60_000);

let piecesDir: string;

beforeAll(async () => {
  piecesDir = (await bundleDemo()).outDir;
});
afterEach(stopAll);

const echoCode = (name: string, input: Record<string, unknown>) =>
  code(name, 'export const code = async (i) => i;', input);
const post = (url: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('HTTP', () => {
  it('says when all flows are enabled, and lists flows and runs', async () => {
    const running = await start({ piecesDir, flows: [template('Hook Me', webhookTrigger(), [])] });
    const health = await fetch(`${running.baseUrl}healthz`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({
      status: 'ready',
      flows: [{ id: 'hook-me', enabled: true, webhookUrl: `${running.baseUrl}webhooks/hook-me` }],
    });
    await post(`${running.baseUrl}webhooks/hook-me`, { n: 1 });
    await post(`${running.baseUrl}webhooks/hook-me`, { n: 2 });
    const list = (await (await fetch(`${running.baseUrl}runs?limit=1`)).json()) as {
      runs: Array<{ id: string }>;
    };
    expect(list.runs).toHaveLength(1);
    const one = (await (await fetch(`${running.baseUrl}runs/${list.runs[0]?.id}`)).json()) as {
      run: unknown;
    };
    expect(one.run).toMatchObject({ flow: 'hook-me', payload: { body: { n: 2 } } });
    expect((await fetch(`${running.baseUrl}runs?limit=0`)).status).toBe(400);
    expect((await fetch(`${running.baseUrl}runs/nope`)).status).toBe(404);
    expect((await fetch(`${running.baseUrl}webhooks/nope`)).status).toBe(404);
  });

  it('serves this machine only', async () => {
    const running = await start({ piecesDir, flows: [template('Local', MANUAL, [])] });
    const { port } = new URL(running.baseUrl);
    const status = await new Promise((resolve) => {
      request(
        { port, host: '127.0.0.1', path: '/runs', headers: { host: `evil.example:${port}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      ).end();
    });
    expect(status).toBe(403);
    expect(
      (await post(`${running.baseUrl}flows/local/run`, {}, { origin: 'http://evil.example' })).status,
    ).toBe(403);
    await expect(start({ piecesDir, flows: [], host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'BIZ_RUNNER_HOST',
    });
  });

  it('starts a flow by hand', async () => {
    const running = await start({
      piecesDir,
      flows: [template('By hand', MANUAL, [echoCode('step_1', { x: '{{trigger.x}}' })])],
    });
    const response = await post(`${running.baseUrl}flows/by-hand/run`, { x: 5 });
    expect(response.status).toBe(202);
    const { run } = (await response.json()) as { run: { id: string } };
    expect(outputOf(await settled(running, run.id), 'step_1')).toEqual({ x: 5 });
  });

  it('serves the files that steps write, to later steps too', async () => {
    const running = await start({
      piecesDir,
      flows: [template('Files', MANUAL, [piece('step_1', 'make_file', { content: 'hello' })])],
    });
    const { file } = outputOf(await runOnce(running, 'files'), 'step_1') as { file: string };
    const response = await fetch(file);
    expect(await response.text()).toBe('hello');
    expect(response.headers.get('content-disposition')).toContain("filename*=UTF-8''gr%C3%BC%C3%9Fe.txt");
    expect((await fetch(`${running.baseUrl}v1/step-files/..%2F..%2Flock`)).status).toBe(404);
  });
});

describe('webhooks', () => {
  it('answers a synchronous call with Return Response', async () => {
    const running = await start({
      piecesDir,
      flows: [
        template('Sync', webhookTrigger(), [
          respond('step_1', {
            status: 201,
            headers: { 'x-a': 'b' },
            body: { hello: "{{trigger['body']['name']}}" },
          }),
          echoCode('step_2', {}),
        ]),
      ],
    });
    const response = await post(`${running.baseUrl}webhooks/sync/sync?q=1`, { name: 'Ada' });
    expect([response.status, response.headers.get('x-a'), await response.json()]).toEqual([
      201,
      'b',
      { hello: 'Ada' },
    ]);
    const [run] = running.runner.runs({ limit: 1 });
    const ended = await settled(running, run!.id);
    expect(ended).toMatchObject({ status: 'SUCCEEDED', payload: { queryParams: { q: '1' } } });
    expect(ended.steps?.['step_2']).toBeUndefined();
  });

  it('goes on after respond', async () => {
    const running = await start({
      piecesDir,
      flows: [
        template('Both', webhookTrigger(), [
          respond('step_1', { status: 200, body: { early: true } }, 'respond'),
          echoCode('step_2', { a: 1 }),
        ]),
      ],
    });
    expect(await (await post(`${running.baseUrl}webhooks/both/sync`)).json()).toEqual({ early: true });
    expect(outputOf(await settled(running, running.runner.runs({ limit: 1 })[0]!.id), 'step_2')).toEqual({
      a: 1,
    });
  });

  it('answers 204 without a response, 500 after a failure, 204 when it takes too long', async () => {
    const running = await start({
      piecesDir,
      syncTimeoutMs: 200,
      flows: [
        template('Silent', webhookTrigger(), []),
        template('Broken', webhookTrigger(), [piece('step_1', 'flaky', { failures: 9 })]),
        template('Slow', webhookTrigger(), [
          code('step_1', 'export const code = () => new Promise((r) => setTimeout(r, 60000));'),
        ]),
      ],
    });
    const status = async (flow: string) => (await post(`${running.baseUrl}webhooks/${flow}/sync`)).status;
    expect(await status('silent')).toBe(204);
    expect(await status('broken')).toBe(500);
    expect(await status('slow')).toBe(204);
  });

  it("lets only the trigger's own piece answer", async () => {
    const running = await start({
      piecesDir,
      flows: [
        template('Other', webhookTrigger(), [piece('step_1', 'effects', { stop: true })]),
        template('Own', demoTrigger('on_call'), [piece('step_1', 'effects', { stop: true })]),
      ],
    });
    expect((await post(`${running.baseUrl}webhooks/other/sync`)).status).toBe(204);
    const own = await post(`${running.baseUrl}webhooks/own/sync`);
    expect([own.status, await own.text()]).toEqual([201, 'stopped']);
    expect(running.runner.runs({ limit: 1, flow: 'own' })[0]).toMatchObject({ tags: ['seen'] });
  });

  it('reads JSON, forms, files and texts, and refuses what is too large', async () => {
    const running = await start({ piecesDir, flows: [template('Bodies', webhookTrigger(), [])] });
    const url = `${running.baseUrl}webhooks/bodies`;
    const bodyOf = async (init: RequestInit) => {
      await fetch(url, { method: 'POST', ...init });
      return (running.runner.runs({ limit: 1 })[0]?.payload as { body: unknown }).body;
    };
    expect(await bodyOf({ body: '{"a":1}', headers: { 'content-type': 'application/json' } })).toEqual({
      a: 1,
    });
    expect(await bodyOf({ body: new URLSearchParams({ a: '1' }) })).toEqual({ a: '1' });
    expect(await bodyOf({ body: 'plain', headers: { 'content-type': 'text/plain' } })).toBe('plain');
    const form = new FormData();
    form.set('name', 'x');
    form.set('file', new Blob(['content']), 'a.txt');
    const parsed = (await bodyOf({ body: form })) as { name: string; file: string };
    expect(parsed.name).toBe('x');
    expect(await (await fetch(new URL(new URL(parsed.file).pathname, running.baseUrl))).text()).toBe(
      'content',
    );
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(6 * 1024 * 1024) })).status).toBe(413);
  });

  it('checks the authentication of catch_webhook', async () => {
    const running = await start({
      piecesDir,
      flows: [
        template(
          'Basic',
          webhookTrigger({ authType: 'basic', authFields: { username: 'u', password: 'p' } }),
          [],
        ),
        template(
          'Header',
          webhookTrigger({ authType: 'header', authFields: { headerName: 'X-Key', headerValue: 'k' } }),
          [],
        ),
      ],
    });
    await post(`${running.baseUrl}webhooks/basic`);
    await post(`${running.baseUrl}webhooks/header`, {}, { 'x-key': 'wrong' });
    expect(running.runner.runs({ limit: 10 })).toEqual([]);
    await post(
      `${running.baseUrl}webhooks/basic`,
      {},
      { authorization: `Basic ${Buffer.from('u:p').toString('base64')}` },
    );
    await post(`${running.baseUrl}webhooks/header`, {}, { 'x-key': 'k' });
    expect(running.runner.runs({ limit: 10 })).toHaveLength(2);
  });

  it('makes one run of each item and answers a handshake', async () => {
    const running = await start({ piecesDir, flows: [template('Items', demoTrigger('on_call'), [])] });
    await post(`${running.baseUrl}webhooks/items`, [
      { id: 1 },
      { id: 2 },
      { id: 3, _dedupe_key: 'k' },
      { id: 4, _dedupe_key: 'k' },
    ]);
    expect(running.runner.runs({ limit: 10 }).map(({ payload }) => payload)).toEqual([
      { id: 3 },
      { id: 2 },
      { id: 1 },
    ]);
    const handshake = await fetch(`${running.baseUrl}webhooks/items?challenge=abc`);
    expect([handshake.status, await handshake.text()]).toEqual([200, 'abc']);
    expect(running.runner.runs({ limit: 10 })).toHaveLength(3);
  });
});

describe('waitpoints', () => {
  const waiting = (until?: string) =>
    template('Waiting', webhookTrigger(), [
      piece('step_1', 'remember', { scope: 'flow' }),
      router('step_2', [
        {
          name: 'always',
          conditions: [[{ firstValue: '{{trigger}}', operator: 'EXISTS' }]],
          body: [piece('step_3', 'wait_for_call', until === undefined ? {} : { until })],
        },
      ]),
      echoCode('step_4', { answer: "{{step_3['resumed']['queryParams']['answer']}}", count: '{{step_1}}' }),
    ]);

  it('pauses until its URL is called, over a restart, and does nothing twice', async () => {
    const first = await start({ piecesDir, flows: [waiting()] });
    const paused = await runOnce(first, 'waiting');
    expect(paused).toMatchObject({ status: 'PAUSED', waitpoint: { type: 'WEBHOOK' } });
    await first.stop(0);
    const second = await start({ piecesDir, flows: [waiting()], stateDir: first.stateDir });
    const { url } = paused.steps?.['step_3']?.output as { url: string };
    const { pathname, search } = new URL(url);
    expect((await fetch(new URL(pathname + search, second.baseUrl))).status).toBe(200);
    const done = await settled(second, paused.id);
    expect(outputOf(done, 'step_4')).toEqual({ answer: 'yes', count: 1 });
    expect((await fetch(new URL(pathname, second.baseUrl))).status).toBe(410);
    expect((await fetch(new URL(pathname.replace(paused.id, 'nope'), second.baseUrl))).status).toBe(404);
  });

  it('goes on by itself after a delay, also when the moment passed while nobody ran', async () => {
    const first = await start({ piecesDir, flows: [waiting(new Date(Date.now() + 3_000).toISOString())] });
    const paused = await runOnce(first, 'waiting');
    expect(paused).toMatchObject({ status: 'PAUSED', waitpoint: { type: 'DELAY' } });
    await first.stop(0);
    const second = await start({
      piecesDir,
      flows: [waiting(new Date(0).toISOString())],
      stateDir: first.stateDir,
    });
    await until(() => second.runner.run(paused.id)?.status === 'SUCCEEDED');
    const again = await runOnce(second, 'waiting');
    await until(() => second.runner.run(again.id)?.status === 'SUCCEEDED');
  });
});

describe('failed runs', () => {
  it('are listed and can be retried from the start or from the failed step', async () => {
    const flow = template('Retry', MANUAL, [
      piece('step_1', 'remember', { scope: 'flow' }),
      piece('step_2', 'flaky', { failures: 2 }),
    ]);
    const running = await start({ piecesDir, flows: [flow] });
    const failed = await runOnce(running, 'retry');
    const { runs } = (await (await fetch(`${running.baseUrl}runs?status=FAILED`)).json()) as {
      runs: unknown[];
    };
    expect(runs).toMatchObject([
      { id: failed.id, failedStep: { name: 'step_2', message: 'failure 1 <- the root' } },
    ]);
    const retry = async (query = '') => {
      expect((await post(`${running.baseUrl}runs/${failed.id}/retry${query}`)).status).toBe(202);
      return settled(running, failed.id);
    };
    expect(await retry()).toMatchObject({ status: 'FAILED', attempt: 2, steps: { step_1: { output: 2 } } });
    expect(await retry('?strategy=FROM_FAILED_STEP')).toMatchObject({
      status: 'SUCCEEDED',
      attempt: 3,
      steps: { step_1: { output: 2 } },
    });
    expect((await post(`${running.baseUrl}runs/${failed.id}/retry`)).status).toBe(409);
  });
});

describe('polling', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ key: `k${index % 2}`, value: index }));
  const store = (running: Awaited<ReturnType<typeof start>>) => running.runner['state']['entries'];

  it('makes one run of each element and commits a batch at the next poll only', async () => {
    const source = await lineSource(lines(5));
    const running = await start({
      piecesDir,
      flows: [
        template('Lines', demoTrigger('new_line', { source: source.url }), [
          echoCode('step_1', { v: "{{trigger['value']}}" }),
        ]),
      ],
    });
    await until(() => running.runner.runs({ limit: 10, status: 'SUCCEEDED' }).length === 5);
    expect(
      running.runner
        .runs({ limit: 10 })
        .map((run) => outputOf(run, 'step_1'))
        .reverse(),
    ).toEqual([0, 1, 2, 3, 4].map((v) => ({ v })));
    await until(() => source.offsets.includes(5));
  });

  it('does not poll again before all runs of the batch ended, failed ones too', async () => {
    const source = await lineSource(lines(4));
    const flow = template('Gate', demoTrigger('new_line', { source: source.url }), [
      code(
        'step_1',
        'export const code = async (i) => { await new Promise((r) => setTimeout(r, 300)); if (i.v === 1) throw new Error("bad"); };',
        { v: '{{trigger.value}}' },
      ),
    ]);
    const running = await start({ piecesDir, flows: [flow] });
    await until(() => source.offsets.includes(2));
    const ended = running.runner.runs({ limit: 10 }).slice(-2);
    expect(ended.map(({ status }) => status).sort()).toEqual(['FAILED', 'SUCCEEDED']);
    expect(source.offsets.filter((offset) => offset === 0)).toHaveLength(1);
  });

  it('keeps the order of one key and runs different keys side by side', async () => {
    const source = await lineSource(lines(6), 6);
    const flow = template('Keys', demoTrigger('new_line', { source: source.url }), [
      code(
        'step_1',
        'export const code = async (i) => { await new Promise((r) => setTimeout(r, i.v === 0 ? 400 : 1)); return Date.now(); };',
        { v: '{{trigger.value}}' },
      ),
    ]);
    const running = await start({ piecesDir, flows: [flow] });
    await until(() => running.runner.runs({ limit: 10, status: 'SUCCEEDED' }).length === 6);
    const end = (value: number) => {
      const run = running.runner
        .runs({ limit: 10 })
        .find(({ payload }) => (payload as { value: number }).value === value);
      return outputOf(run!, 'step_1') as number;
    };
    expect(end(0)).toBeLessThanOrEqual(end(2));
    expect(end(2)).toBeLessThanOrEqual(end(4));
    expect(end(1)).toBeLessThanOrEqual(end(3));
    expect(end(5)).toBeLessThan(end(0));
  });

  it('enables once, not at every start, and anew when the trigger changed', async () => {
    const source = await lineSource([]);
    const flow = (schedule?: string) =>
      template(
        'Once',
        demoTrigger('new_line', { source: source.url, ...(schedule ? { schedule } : {}) }),
        [],
      );
    const first = await start({ piecesDir, flows: [flow()] });
    await first.stop(1_000);
    const second = await start({ piecesDir, flows: [flow()], stateDir: first.stateDir });
    expect(store(second).get('flow_once/enabled')).toBe('1');
    await second.stop(1_000);
    const third = await start({ piecesDir, flows: [flow('0 0 1 1 *')], stateDir: first.stateDir });
    expect(store(third).get('flow_once/enabled')).toBe('2');
    expect(third.runner['state'].triggerState('once')).toMatchObject({
      schedule: { cronExpression: '0 0 1 1 *', timezone: 'UTC' },
    });
  });

  it('keeps trying when the trigger cannot be enabled or polled, and says why', async () => {
    const flow = template('Late', demoTrigger('new_line', { source: 'http://127.0.0.1:1/' }), []);
    const running = await start({ piecesDir, flows: [flow] });
    await until(() => running.runner.flows()[0]?.error !== undefined);
    expect(running.runner.flows()[0]).toMatchObject({
      enabled: true,
      error: containing('fetch failed'),
    });
  });
});
