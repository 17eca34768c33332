import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonLog, Redactor } from '../src/log';
import { bundleDemo, scratch } from './fixtures/bundled';
import { code, loop, MANUAL, piece, router, template } from './fixtures/flows';
import { outputOf, runOnce, start, stopAll } from './fixtures/running';
import { containing } from './fixtures/matchers';

jest.setTimeout(60_000);

let piecesDir: string;
let connectionsFile: string;

beforeAll(async () => {
  piecesDir = (await bundleDemo()).outDir;
  connectionsFile = join(scratch('connections'), 'connections.json');
  writeFileSync(
    connectionsFile,
    JSON.stringify([
      {
        externalId: 'demo-conn',
        displayName: 'Demo',
        pieceName: '@acme/piece-demo',
        type: 'CUSTOM_AUTH',
        props: { url: 'http://demo', apiKey: 'key-very-secret' },
      },
    ]),
  );
});
afterEach(stopAll);

const auth = "{{connections['demo-conn']}}";

async function run(
  steps: Parameters<typeof template>[2],
  payload: unknown = {},
  options: Record<string, unknown> = {},
) {
  const running = await start({
    piecesDir,
    connectionsFile,
    flows: [template('Test', MANUAL, steps)],
    ...options,
  });
  return runOnce(running, 'test', payload);
}

describe('expressions in a flow', () => {
  it('keeps the type of a single token, makes text of a mixed one, and reads connections', async () => {
    const result = await run(
      [
        piece('step_1', 'echo', {
          auth,
          text: "Hello {{trigger['body']['name']}} {{trigger['body']['obj']}} at {{connections['demo-conn'].props.url}}",
          count: "{{trigger['body']['n']}}",
          meta: {
            a: "{{trigger['body']['obj']}}",
            s: "x{{trigger['body']['obj']}}",
            n: "{{trigger['body']['n'] * 2}}",
            none: '{{step_1.nope.deep}}',
            nul: "{{trigger['body']['nul']}}",
          },
        }),
      ],
      { body: { name: 'Ada', n: 21, obj: { k: [1] }, nul: null } },
    );
    expect(outputOf(result, 'step_1')).toMatchObject({
      text: 'Hello Ada {"k":[1]} at http://demo',
      count: 21,
      meta: { a: { k: [1] }, s: 'x{"k":[1]}', n: 42, none: '', nul: '' },
      url: 'http://demo',
    });
  });

  it('keeps connections out of the inputs that are recorded', async () => {
    const result = await run([
      piece('step_1', 'echo', { auth, text: "k={{connections['demo-conn'].props.apiKey}}" }),
    ]);
    expect(outputOf(result, 'step_1')).toMatchObject({ text: 'k=key-very-secret' });
    expect(result.steps?.['step_1']?.input).toEqual({ auth: '**REDACTED**', text: 'k=**REDACTED**' });
  });
});

describe('CODE', () => {
  it('runs TypeScript in a process of its own that sees its inputs and nothing else', async () => {
    const result = await run(
      [
        code(
          'step_1',
          'export const code = async (inputs: { t: string }): Promise<unknown> => ({ upper: inputs.t.toUpperCase(), pid: process.pid, env: Object.keys(process.env), missing: (inputs as Record<string, unknown>).missing });',
          { t: "{{trigger['t']}}", missing: "{{step_9['x']}}".replace('step_9', 'trigger') },
        ),
      ],
      { t: 'abc' },
    );
    const output = outputOf(result, 'step_1') as {
      upper: string;
      pid: number;
      env: string[];
      missing: string;
    };
    expect(output).toMatchObject({ upper: 'ABC', missing: '', env: ['TZ'] });
    expect(output.pid).not.toBe(process.pid);
  });

  it('cannot read files nor start processes', async () => {
    const result = await run([
      code(
        'step_1',
        "export const code = async () => require('node:fs').readFileSync('/etc/hostname', 'utf8');",
        {},
        { continue: true },
      ),
      code(
        'step_2',
        "export const code = async () => require('node:child_process').execSync('id').toString();",
        {},
        { continue: true },
      ),
      code('step_3', "export const code = async () => require('left-pad');", {}, { continue: true }),
    ]);
    expect(['step_1', 'step_2', 'step_3'].map((name) => result.steps?.[name]?.status)).toEqual([
      'FAILED',
      'FAILED',
      'FAILED',
    ]);
    expect(result.steps?.['step_3']?.errorMessage).toMatch(/only require modules of Node/);
  });

  it('is killed when the time of the flow is over, and when it ends its process', async () => {
    const endless = await run(
      [code('step_1', 'export const code = async () => { for (;;); };')],
      {},
      { flowTimeoutMs: 700 },
    );
    expect(endless).toMatchObject({ status: 'TIMEOUT', failedStep: { name: 'step_1' } });
    const exits = await run([code('step_1', 'export const code = async () => process.exit(3);')]);
    expect(exits).toMatchObject({
      status: 'FAILED',
      failedStep: { message: containing('exit 3') },
    });
  });
});

describe('errors', () => {
  it('fails the run with step, message and causes', async () => {
    const result = await run([
      piece('step_1', 'flaky', { failures: 9 }),
      code('step_2', 'export const code = async () => 1;'),
    ]);
    expect(result).toMatchObject({
      status: 'FAILED',
      failedStep: { name: 'step_1', message: 'failure 1 <- the root' },
    });
    expect(result.steps?.['step_2']).toBeUndefined();
  });

  it('retries four times with waits that double', async () => {
    const works = await run([piece('step_1', 'flaky', { failures: 3 }, { retry: true })]);
    expect(outputOf(works, 'step_1')).toEqual({ calls: 4 });
    const fails = await run([piece('step_1', 'flaky', { failures: 4 }, { retry: true })]);
    expect(fails).toMatchObject({ status: 'FAILED', failedStep: { message: 'failure 4 <- the root' } });
    const started = performance.now();
    await run([piece('step_1', 'flaky', { failures: 2 }, { retry: true })], {}, { retryBaseMs: 100 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(299);
  });

  it('goes on after a step with continueOnFailure, which reads as an empty text', async () => {
    const result = await run([
      piece('step_1', 'flaky', { failures: 9 }, { continue: true }),
      code('step_2', 'export const code = async (i) => i;', {
        whole: '{{step_1}}',
        deep: "{{step_1['calls']}}",
        either: "{{step_1 || 'default'}}",
      }),
    ]);
    expect(result.status).toBe('SUCCEEDED');
    expect(outputOf(result, 'step_2')).toEqual({ whole: '', deep: '', either: 'default' });
  });

  it('reports props that do not fit, as the engine does at run time', async () => {
    const result = await run([piece('step_1', 'echo', { auth, text: 'x', count: '{{trigger.n}}' })], {
      n: 'many',
    });
    expect(result.failedStep?.message).toMatch(/count.*Expected number, received: many/);
  });

  it('coerces dynamic props by the schema in propertySettings', async () => {
    const schema = { amount: { type: 'NUMBER', displayName: 'Amount', required: true } };
    const result = await run([
      piece(
        'step_1',
        'echo',
        { auth, text: 'x', fields: { amount: '5' } },
        {},
        { propertySettings: { fields: { type: 'MANUAL', schema } } },
      ),
    ]);
    expect(outputOf(result, 'step_1')).toMatchObject({ fields: { amount: 5 } });
  });
});

describe('ROUTER', () => {
  const one = (name: string) => code(name, `export const code = async () => '${name}';`);
  const is = (value: string) => [
    [{ firstValue: '{{trigger.v}}', operator: 'TEXT_EXACTLY_MATCHES', secondValue: value }],
  ];

  it('takes the first match, all matches, or the fallback', async () => {
    const branches = () => [
      { name: 'a', conditions: is('A'), body: [one('step_2')] },
      { name: 'a again', conditions: is('a'), body: [one('step_3')] },
      { name: 'otherwise', body: [one('step_4')] },
    ];
    const names = (result: Awaited<ReturnType<typeof run>>) =>
      Object.keys(result.steps ?? {}).filter((name) => /step_[2-4]/.test(name));
    expect(names(await run([router('step_1', branches())], { v: 'a' }))).toEqual(['step_2']);
    expect(names(await run([router('step_1', branches(), 'EXECUTE_ALL_MATCH')], { v: 'a' }))).toEqual([
      'step_2',
      'step_3',
    ]);
    const fallback = await run([router('step_1', branches())], { v: 'b' });
    expect(names(fallback)).toEqual(['step_4']);
    expect(outputOf(fallback, 'step_1')).toEqual({
      branches: [
        { branchName: 'a', branchIndex: 1, evaluation: false },
        { branchName: 'a again', branchIndex: 2, evaluation: false },
        { branchName: 'otherwise', branchIndex: 3, evaluation: true },
      ],
    });
  });
});

describe('LOOP_ON_ITEMS', () => {
  it('gives item and an index from 1, and keeps every iteration', async () => {
    const result = await run(
      [
        loop('step_1', '{{trigger.items}}', [
          code('step_2', 'export const code = async (i) => i.item * i.index;', {
            item: "{{step_1['item']}}",
            index: "{{step_1['index']}}",
          }),
          loop('step_3', '{{[1, 2]}}', [
            code('step_4', 'export const code = async (i) => i;', {
              outer: '{{step_2}}',
              inner: '{{step_3.item}}',
            }),
          ]),
        ]),
        code('step_5', 'export const code = async (i) => i;', {
          outputs: "{{step_1['iterations'].map((i) => i.step_2.output)}}",
          gone: '{{step_2}}',
        }),
      ],
      { items: [5, 6, 7] },
    );
    expect(outputOf(result, 'step_5')).toEqual({ outputs: [5, 12, 21], gone: '' });
    expect(outputOf(result, 'step_1')).toMatchObject({
      item: 7,
      index: 3,
      iterations: {
        2: { step_3: { output: { iterations: { 1: { step_4: { output: { outer: 21, inner: 2 } } } } } } },
      },
    });
  });

  it('fails on what is no list', async () => {
    const result = await run([loop('step_1', '{{trigger.items}}', [])], { items: 'abc' });
    expect(result).toMatchObject({
      status: 'FAILED',
      failedStep: { name: 'step_1', message: containing('must be a list') },
    });
  });

  it('ends with the step that fails in it', async () => {
    const result = await run([loop('step_1', '{{[1, 2]}}', [piece('step_2', 'flaky', { failures: 1 })])]);
    expect(result).toMatchObject({ status: 'FAILED', failedStep: { name: 'step_2' } });
  });
});

describe('steps that do nothing', () => {
  it('skips a step that is switched off', async () => {
    const off = { ...piece('step_1', 'flaky', { failures: 9 }), skip: true };
    const result = await run([
      off,
      code('step_2', 'export const code = async (i) => i;', { off: '{{step_1}}' }),
    ]);
    expect(outputOf(result, 'step_2')).toEqual({ off: '' });
  });
});

describe('the flow time', () => {
  it('ends a run with TIMEOUT and says what to use instead', async () => {
    const result = await run(
      [piece('step_1', 'flaky', { failures: 9 }, { retry: true })],
      {},
      { flowTimeoutMs: 300, retryBaseMs: 200 },
    );
    expect(result).toMatchObject({
      status: 'TIMEOUT',
      failedStep: { message: containing('waitpoint') },
    });
  });
});

describe('secrets', () => {
  it('are in no log line, no listed run and no failed step', async () => {
    const lines: string[] = [];
    const redactor = new Redactor();
    redactor.add('key-very-secret');
    const running = await start({
      piecesDir,
      connectionsFile,
      log: jsonLog(redactor, (line) => lines.push(line)),
      flows: [
        template('Leak', MANUAL, [
          code('step_1', 'export const code = async (i) => { throw new Error(i.key); };', {
            key: "{{connections['demo-conn'].props.apiKey}}",
          }),
        ]),
      ],
    });
    const failed = await runOnce(running, 'leak');
    const shown = await (await fetch(`${running.baseUrl}runs/${failed.id}`)).text();
    expect(failed.failedStep?.message).toBe('**REDACTED**');
    expect(lines.length).toBeGreaterThan(0);
    for (const text of [
      ...lines,
      shown,
      readFileSync(join(running.stateDir, 'journal', 'journal-0.ndjson'), 'utf8'),
    ]) {
      expect(text).not.toContain('key-very-secret');
    }
  });
});
