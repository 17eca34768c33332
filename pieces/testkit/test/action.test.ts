import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  actionOf,
  customAuth,
  FileStoreBackend,
  MemoryStoreBackend,
  runAction,
  runDynamicProps,
  runOptions,
  validateAuth,
} from '../src';
import { demo, demoAuth, echo, effects, flaky, makeFile, remember, waitForCall } from './fixtures/demo-piece';
import { matching } from './fixtures/matchers';

jest.setTimeout(60_000);

const auth = customAuth({ url: 'http://demo', apiKey: 'key-1' });

describe('runAction', () => {
  it('gives the action its props, its auth as a connection value, and who it is', async () => {
    const { output } = await runAction(echo, {
      auth,
      props: { text: 'hello' },
      identity: { runId: 'run-1', stepName: 'step_7', projectId: 'p', flowId: 'f' },
    });
    expect(output).toMatchObject({
      text: 'hello',
      url: 'http://demo',
      runId: 'run-1',
      stepName: 'step_7',
      projectId: 'p',
      flowId: 'f',
    });
  });

  it('takes plain props of a custom connection as auth', async () => {
    const { output } = await runAction(echo, {
      auth: { url: 'http://plain', apiKey: 'key-2' },
      props: { text: 'x' },
    });
    expect(output).toMatchObject({ url: 'http://plain' });
  });

  it('coerces props by their types, as the engine does', async () => {
    const { output } = await runAction(echo, {
      auth,
      props: {
        text: 'x',
        count: '42',
        flag: 'TRUE',
        meta: '{"a":1}',
        headers: '{"h":"1"}',
        when: '2024-03-14 12:00:00',
        list: '[{"name":7,"value":"8"}]',
        tags: '["a"]',
      },
    });
    expect(output).toMatchObject({
      count: 42,
      flag: true,
      meta: { a: 1 },
      headers: { h: '1' },
      when: '2024-03-14T12:00:00.000Z',
      list: [{ name: '7', value: 8 }],
      tags: ['a'],
    });
  });

  it('refuses props that do not fit and says which', async () => {
    await expect(
      runAction(echo, { auth, props: { text: 'x', count: 'many', list: [{ name: 'a', value: 'b' }] } }),
    ).rejects.toMatchObject({
      code: 'BIZ_PIECE_PROPS_INVALID',
      message: matching(/count.*Expected number, received: many.*list.*value.*Expected number/s),
    });
  });

  it('coerces dynamic props only when the schema is given', async () => {
    const schema = await runDynamicProps(echo, { property: 'fields', input: { topic: 'orders' }, auth });
    const props = { text: 'x', fields: { amount: '3' } };
    const without = await runAction(echo, { auth, props });
    const withSchema = await runAction(echo, { auth, props, propertySettings: { fields: { schema } } });
    expect(without.output).toMatchObject({ fields: { amount: '3' } });
    expect(withSchema.output).toMatchObject({ fields: { amount: 3 } });
  });

  it('gives a file prop from a data URI and from the URL of a written file', async () => {
    const inline = await runAction(echo, { auth, props: { text: 'x', file: 'data:text/csv;base64,YSxi' } });
    expect(inline.output).toMatchObject({ file: { name: 'unknown.csv', extension: 'csv', text: 'a,b' } });
    const written = await runAction(makeFile, { props: { content: 'hi' } });
    const { file } = written.output as { file: string };
    expect(file).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
    const read = await runAction(echo, { auth, props: { text: 'x', file } });
    expect(read.output).toMatchObject({ file: { name: 'grüße.txt', extension: 'txt', text: 'hi' } });
  });

  it('keeps FLOW entries of the store to one flow and shares PROJECT entries', async () => {
    const store = new MemoryStoreBackend();
    const call = async (scope: string, flowId: string) =>
      (await runAction(remember, { store, identity: { flowId }, props: { scope } })).output;
    expect([await call('flow', 'one'), await call('flow', 'one'), await call('flow', 'two')]).toEqual([
      1, 2, 1,
    ]);
    expect([await call('project', 'one'), await call('project', 'two')]).toEqual([1, 2]);
  });

  it('keeps a file store over processes', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'testkit-store-')), 'store.json');
    await runAction(remember, { store: new FileStoreBackend(file), props: { scope: 'flow' } });
    const { output } = await runAction(remember, {
      store: new FileStoreBackend(file),
      props: { scope: 'flow' },
    });
    expect(output).toBe(2);
  });

  it('throws on what the action throws, and tries again when told to', async () => {
    await expect(runAction(flaky, { props: { failures: 1 } })).rejects.toThrow('failure 1');
    const { output } = await runAction(flaky, { props: { failures: 2 }, attempts: 3 });
    expect(output).toEqual({ calls: 3 });
  });

  it('pauses at a waitpoint and resumes with the payload', async () => {
    const paused = await runAction(waitForCall, { props: {} });
    expect(paused.paused).toMatchObject({ type: 'WEBHOOK', responseToSend: { status: 202 } });
    expect(paused.output).toEqual({ url: `${paused.paused?.resumeUrl}?answer=yes` });
    const resumed = await paused.resume({ queryParams: { answer: 'yes' } });
    expect(resumed.paused).toBeUndefined();
    expect(resumed.output).toEqual({ resumed: { body: {}, headers: {}, queryParams: { answer: 'yes' } } });
  });

  it('pauses until a moment, and refuses one that is no date', async () => {
    const { paused } = await runAction(waitForCall, { props: { until: '2030-01-01T00:00:00Z' } });
    expect(paused).toMatchObject({ type: 'DELAY', resumeDateTime: '2030-01-01T00:00:00Z' });
    await expect(runAction(waitForCall, { props: { until: 'soon' } })).rejects.toMatchObject({
      code: 'BIZ_RUN_WAITPOINT_DATE',
    });
  });

  it('reports stop, respond, tags, output updates, connections', async () => {
    const stopped = await runAction(effects, {
      props: { stop: true },
      connections: { other: 'secret-text' },
    });
    expect(stopped).toMatchObject({
      stopped: { status: 201, body: 'stopped' },
      responded: undefined,
      tags: ['seen'],
      outputUpdates: [{ half: true }],
      output: { connection: { type: 'SECRET_TEXT', secret_text: 'secret-text' }, missing: null },
    });
    const responded = await runAction(effects, { props: { stop: false } });
    expect(responded).toMatchObject({ stopped: undefined, responded: { body: { early: true } } });
  });

  it('finds actions by name and says which there are', () => {
    expect(actionOf(demo, 'echo')).toBe(echo);
    expect(() => actionOf(demo, 'toString')).toThrow(/has no action "toString".*echo, post/);
  });
});

describe('property options', () => {
  it('asks a dropdown with and without a connection', async () => {
    expect(await runOptions(echo, { property: 'topic' })).toMatchObject({
      disabled: true,
      placeholder: 'Connect first',
    });
    expect(await runOptions(echo, { property: 'topic', auth, searchValue: 'o' })).toEqual({
      options: [{ label: 'http://demo o', value: 'orders' }],
    });
    expect(await runOptions(echo, { property: 'tags' })).toEqual({ options: [{ label: 'A', value: 'a' }] });
  });

  it('says so when a prop has no options', async () => {
    await expect(runOptions(echo, { property: 'text' })).rejects.toMatchObject({
      code: 'BIZ_PIECE_PROPERTY',
    });
    await expect(runDynamicProps(echo, { property: 'nope' })).rejects.toMatchObject({
      code: 'BIZ_PIECE_PROPERTY',
    });
  });

  it('validates a connection with its plain props', async () => {
    expect(await validateAuth(demoAuth, { url: 'x', apiKey: 'key-1' })).toEqual({ valid: true });
    expect(await validateAuth(demoAuth, { url: 'x', apiKey: 'wrong' })).toMatchObject({ valid: false });
  });
});
