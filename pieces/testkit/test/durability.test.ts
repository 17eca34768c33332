import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunnerState } from '../src/runner/state';
import { bundleDemo, scratch } from './fixtures/bundled';
import { buildPackage, type Child, receiver, spawnRunner } from './fixtures/child';
import { demoTrigger, MANUAL, piece, template, webhookTrigger } from './fixtures/flows';
import { flowFile, lineSource, runOnce, start, stopAll, until } from './fixtures/running';
import { containing } from './fixtures/matchers';

jest.setTimeout(180_000);

let piecesDir: string;
const children: Child[] = [];

beforeAll(async () => {
  buildPackage();
  piecesDir = (await bundleDemo()).outDir;
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill('SIGKILL');
    await child.exited;
  }
  await stopAll();
});

function launch(flow: unknown, stateDir: string, extra: string[] = []): Child {
  const child = spawnRunner([
    '--flow',
    flowFile(flow),
    '--pieces',
    piecesDir,
    '--state',
    stateDir,
    '--poll-seconds',
    '0.02',
    ...extra,
  ]);
  children.push(child);
  return child;
}

const listening = (child: Child) =>
  until(
    () => child.lines.find(({ message }) => message === 'listening')?.['url'] as string | undefined,
    'listening',
  );

describe('kill -9', () => {
  it('loses no message and keeps the order of each key, whenever it comes', async () => {
    const target = await receiver();
    const count = 120;
    const source = await lineSource(
      Array.from({ length: count }, (_, value) => ({ key: `k${value % 3}`, value })),
      7,
    );
    const flow = template('Survive', demoTrigger('new_line', { source: source.url }), [
      piece('step_1', 'post', { url: target.url, value: "{{trigger['value']}}" }),
    ]);
    const stateDir = scratch('state');
    for (const goal of [5, 20, 33, 61, 90]) {
      const child = launch(flow, stateDir);
      await until(
        () => target.received.length >= goal || new Set(target.received).size === count,
        `${goal} messages`,
      );
      child.process.kill('SIGKILL');
      await child.exited;
    }
    launch(flow, stateDir);
    await until(() => source.offsets.at(-1) === count, 'the last offset');
    const first = [...new Set(target.received.map(Number))];
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
    for (const key of [0, 1, 2]) {
      const ofKey = first.filter((value) => value % 3 === key);
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
    // At least once, and not much more: a batch is seven messages.
    expect(target.received.length).toBeLessThanOrEqual(count + 6 * 7);
    target.server.close();
  });

  it('starts a webhook run that was under way again', async () => {
    const target = await receiver();
    let release: () => void = () => {};
    target.hold.until = new Promise((resolve) => (release = resolve));
    const flow = template('Hook', webhookTrigger(), [
      piece('step_1', 'post', { url: target.url, value: "{{trigger['body']['n']}}" }),
    ]);
    const stateDir = scratch('state');
    const child = launch(flow, stateDir);
    const url = await listening(child);
    await until(async () => (await fetch(`${url}healthz`)).ok);
    const accepted = await fetch(`${url}webhooks/hook`, {
      method: 'POST',
      body: '{"n":7}',
      headers: { 'content-type': 'application/json' },
    });
    expect(accepted.status).toBe(200);
    await until(() => target.received.length === 1);
    child.process.kill('SIGKILL');
    await child.exited;
    release();
    delete target.hold.until;
    const second = launch(flow, stateDir);
    await until(() => target.received.length === 2);
    await until(() => second.lines.some(({ message }) => message === 'run succeeded'));
    expect(target.received).toEqual(['7', '7']);
    target.server.close();
  });
});

describe('SIGTERM', () => {
  it('lets running runs end and exits with 0', async () => {
    const target = await receiver();
    let release: () => void = () => {};
    target.hold.until = new Promise((resolve) => (release = resolve));
    const flow = template('Graceful', webhookTrigger(), [
      piece('step_1', 'post', { url: target.url, value: 'x' }),
    ]);
    const child = launch(flow, scratch('state'));
    const url = await listening(child);
    await until(async () => (await fetch(`${url}healthz`)).ok);
    await fetch(`${url}webhooks/graceful`, { method: 'POST' });
    await until(() => target.received.length === 1);
    child.process.kill('SIGTERM');
    release();
    expect(await child.exited).toBe(0);
    expect(child.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['run succeeded', 'stopped']),
    );
    target.server.close();
  });

  it('leaves a run that takes too long to the next start', async () => {
    const target = await receiver();
    target.hold.until = new Promise(() => {});
    const flow = template('Stuck', webhookTrigger(), [
      piece('step_1', 'post', { url: target.url, value: 'x' }),
    ]);
    const stateDir = scratch('state');
    const child = launch(flow, stateDir, ['--grace-seconds', '0.2']);
    const url = await listening(child);
    await until(async () => (await fetch(`${url}healthz`)).ok);
    await fetch(`${url}webhooks/stuck`, { method: 'POST' });
    await until(() => target.received.length === 1);
    child.process.kill('SIGTERM');
    expect(await child.exited).toBe(0);
    delete target.hold.until;
    const second = launch(flow, stateDir);
    await until(() => second.lines.some(({ message }) => message === 'run succeeded'));
    target.server.close();
    target.server.closeAllConnections();
  });
});

describe('the state directory', () => {
  it('belongs to one runner at a time', async () => {
    const running = await start({ piecesDir, flows: [template('Mine', MANUAL, [])] });
    await expect(
      start({ piecesDir, flows: [template('Mine', MANUAL, [])], stateDir: running.stateDir }),
    ).rejects.toMatchObject({ code: 'BIZ_RUNNER_LOCKED' });
    await running.stop(0);
    await start({ piecesDir, flows: [template('Mine', MANUAL, [])], stateDir: running.stateDir });
  });

  it('survives a last line that was cut off, and refuses one that was changed', async () => {
    const flow = template('Torn', MANUAL, []);
    const first = await start({ piecesDir, flows: [flow] });
    const { id } = await runOnce(first, 'torn');
    await first.stop(0);
    const journal = join(first.stateDir, 'journal', 'journal-0.ndjson');
    appendFileSync(journal, '{"type":"run","run":{"id":"half');
    const second = await start({ piecesDir, flows: [flow], stateDir: first.stateDir });
    expect(second.runner.run(id)).toMatchObject({ status: 'SUCCEEDED' });
    const next = await runOnce(second, 'torn');
    await second.stop(0);
    const third = await start({ piecesDir, flows: [flow], stateDir: first.stateDir });
    expect(third.runner.run(next.id)).toMatchObject({ status: 'SUCCEEDED' });
    await third.stop(0);
    writeFileSync(journal, `{"nonsense":true}\n${readFileSync(journal, 'utf8')}`);
    await expect(start({ piecesDir, flows: [flow], stateDir: first.stateDir })).rejects.toMatchObject({
      code: 'BIZ_RUNNER_STATE',
      message: containing('line 1'),
    });
  });

  it('is compacted and bounded by the number of runs to keep', async () => {
    const directory = join(scratch('state'), 'journal');
    const state = await RunnerState.open(directory, { keepRuns: 10, compactAtBytes: 2_000 });
    const run = (index: number, status: 'SUCCEEDED' | 'FAILED') => ({
      id: `run-${index}`,
      flow: 'f',
      status,
      payload: { index },
      attempt: 1,
      createdAt: '2026-01-01T00:00:00Z',
    });
    await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        state.saveRun(run(index, index < 5 ? 'FAILED' : 'SUCCEEDED')),
      ),
    );
    await state.store.set('key', '"value"');
    const kept = state.runs.size;
    await state.close();
    expect(kept).toBeLessThanOrEqual(110);
    expect(readdirSync(directory).sort()).toHaveLength(2);
    const again = await RunnerState.open(directory, { keepRuns: 10 });
    expect([again.runs.size, await again.store.get('key')]).toEqual([kept, '"value"']);
    expect(['run-0', 'run-4', 'run-299'].every((id) => again.runs.has(id))).toBe(true);
    await again.close();
  });

  it('makes what a poll wrote durable together with its runs, or not at all', async () => {
    const directory = join(scratch('state'), 'journal');
    const state = await RunnerState.open(directory);
    const dropped = state.buffered();
    await dropped.store.set('offset', '9');
    const kept = state.buffered();
    await kept.store.set('offset', '1');
    expect([await kept.store.get('offset'), await state.store.get('offset')]).toEqual(['1', undefined]);
    await state.addRuns(
      [{ id: 'r', flow: 'f', status: 'QUEUED', payload: 1, attempt: 1, createdAt: 'now' }],
      kept.take(),
    );
    await state.close();
    const again = await RunnerState.open(directory);
    expect([await again.store.get('offset'), again.unsettled().map(({ id }) => id)]).toEqual(['1', ['r']]);
    await again.close();
  });
});
