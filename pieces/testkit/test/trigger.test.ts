import { createTriggerHarness, deliverAppWebhook, triggerOf } from '../src';
import { checkSchedule } from '../src/context/trigger-context';
import { createStore, MemoryStoreBackend } from '../src/context/store';
import { StoreScope } from '@activepieces/pieces-framework';
import { DedupeWindow } from '../src/dedupe';
import { demo, newLine, onAppEvent, onCall } from './fixtures/demo-piece';
import { lineSource, stopAll } from './fixtures/running';

jest.setTimeout(60_000);

afterEach(stopAll);

const flowStore = (backend: MemoryStoreBackend) => createStore(backend, { flowId: 'testkit-flow' });

describe('the life of a trigger', () => {
  it('polls, commits at the next poll, and keeps its offset when it is published again', async () => {
    const source = await lineSource([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const store = new MemoryStoreBackend();
    const harness = createTriggerHarness(newLine, { props: { source: source.url }, store });
    await harness.enable();
    expect(await harness.run()).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await flowStore(store).get('offset')).toBe(0);
    expect(await harness.run()).toEqual([{ n: 3 }]);
    expect(await flowStore(store).get('offset')).toBe(2);
    await harness.republish();
    expect(await flowStore(store).get('offset')).toBe(2);
    expect(await flowStore(store).get('disabled')).toBe(true);
    expect(await harness.run()).toEqual([]);
  });

  it('keeps the store of a test apart', async () => {
    const store = new MemoryStoreBackend();
    const harness = createTriggerHarness(newLine, { props: { source: 'http://127.0.0.1:1' }, store });
    await harness.enable();
    expect(await harness.test()).toEqual([{ test: true }]);
    expect(await flowStore(store).get('offset')).toBe(0);
  });

  it('captures the schedule, and refuses one that the server refuses', async () => {
    const harness = (schedule: string) =>
      createTriggerHarness(newLine, { props: { source: 'http://x', schedule } });
    const good = harness('*/5 * * * *');
    await good.enable();
    expect(good.schedule).toEqual({ cronExpression: '*/5 * * * *', timezone: 'UTC' });
    await expect(harness('*/5 * * * * *').enable()).rejects.toMatchObject({ code: 'BIZ_TRIGGER_SCHEDULE' });
    await expect(harness('99 * * * *').enable()).rejects.toMatchObject({ code: 'BIZ_TRIGGER_SCHEDULE' });
    expect(() => checkSchedule({ cronExpression: '0 9 * * 1', timezone: 'Nowhere/City' })).toThrow();
  });

  it('gives a webhook trigger its URL and its payload, and does the handshake', async () => {
    const store = new MemoryStoreBackend();
    const harness = createTriggerHarness(onCall, { props: {}, store, webhookUrl: 'http://me/hook' });
    await harness.enable();
    expect(await flowStore(store).get('webhookUrl')).toBe('http://me/hook');
    expect(await harness.run({ body: [{ id: 1 }, { id: 2 }] })).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await harness.handshake({ queryParams: { challenge: 'c' } })).toEqual({ status: 200, body: 'c' });
    await harness.renew();
    await harness.start({});
  });

  it('delivers an app event to its listeners, verified', async () => {
    const harness = createTriggerHarness(onAppEvent, { props: {} });
    await harness.enable();
    expect(harness.listeners).toEqual([{ events: ['created'], identifierValue: 'team-1' }]);
    const deliver = (body: unknown, signature = 's') =>
      deliverAppWebhook({
        piece: demo,
        harness,
        payload: { body, headers: { signature } },
        webhookSecret: 's',
      });
    expect(await deliver({ event: 'created', team: 'team-1' })).toMatchObject({
      reply: { body: 'ok' },
      items: [{ event: 'created' }],
    });
    expect((await deliver({ event: 'created', team: 'team-2' })).items).toEqual([]);
    await expect(deliver({ event: 'created', team: 'team-1' }, 'wrong')).rejects.toMatchObject({
      code: 'BIZ_TRIGGER_APP_WEBHOOK',
    });
  });

  it('refuses what is no list', async () => {
    const harness = createTriggerHarness(newLine, { props: { source: 'x' } });
    const { run } = newLine;
    Object.assign(newLine, { run: async () => 'text' });
    try {
      await expect(harness.run()).rejects.toMatchObject({ code: 'BIZ_TRIGGER_OUTPUT' });
    } finally {
      Object.assign(newLine, { run });
    }
    expect(() => triggerOf(demo, 'gone')).toThrow(/new_line, on_call/);
  });
});

describe('_dedupe_key', () => {
  it('lets one item of a key through in 30 s and takes the key away', () => {
    let now = 1_000;
    const window = new DedupeWindow(() => now);
    expect(window.filter([{ a: 1, _dedupe_key: 'x' }, { a: 2, _dedupe_key: 'x' }, { a: 3 }, 'text'])).toEqual(
      [{ a: 1 }, { a: 3 }, 'text'],
    );
    now += 29_999;
    expect(window.filter([{ a: 4, _dedupe_key: 'x' }])).toEqual([]);
    now += 1;
    expect(window.filter([{ a: 5, _dedupe_key: 'x' }])).toEqual([{ a: 5 }]);
  });
});

describe('store', () => {
  const store = createStore(new MemoryStoreBackend(), { flowId: 'f' });

  it('takes keys of 1 to 128 characters', async () => {
    await store.put('k'.repeat(128), 1);
    await expect(store.put('k'.repeat(129), 1)).rejects.toMatchObject({ code: 'BIZ_STORE_KEY_INVALID' });
    await expect(store.get('')).rejects.toMatchObject({ code: 'BIZ_STORE_KEY_INVALID' });
  });

  it('takes values of up to 512 KB', async () => {
    const limit = 512 * 1024 - 2;
    await store.put('big', 'x'.repeat(limit));
    await expect(store.put('big', 'x'.repeat(limit + 1))).rejects.toMatchObject({
      code: 'BIZ_STORE_VALUE_TOO_LARGE',
    });
  });

  it('gives back a copy, null for what is not there, and deletes', async () => {
    const value = { list: [1] };
    await store.put('copy', value, StoreScope.PROJECT);
    value.list.push(2);
    expect(await store.get('copy', StoreScope.PROJECT)).toEqual({ list: [1] });
    expect(await store.get('copy')).toBeNull();
    await store.delete('copy', StoreScope.PROJECT);
    expect(await store.get('copy', StoreScope.PROJECT)).toBeNull();
  });
});
