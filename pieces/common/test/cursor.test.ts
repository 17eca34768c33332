import { z } from 'zod';
import { createPollCursor, MAX_DELIVERIES } from '../src';

class MemoryStore {
  text: string | undefined;

  async put<T>(_key: string, value: T): Promise<T> {
    this.text = JSON.stringify(value);
    return value;
  }

  async get<T>(): Promise<T | null> {
    return this.text === undefined ? null : (JSON.parse(this.text) as T);
  }

  /** As if the process that staged the batch had been killed. */
  killOwner(): void {
    this.text = this.text?.replace(/"pid":\d+/, '"pid":4194305');
  }

  moveOwner(): void {
    this.text = this.text?.replace(/"host":"[^"]*"/, '"host":"elsewhere"');
  }
}

const open = (store: MemoryStore, redelivery?: 'redeliver' | 'continue') =>
  createPollCursor({ store, key: 'k', schema: z.number(), ...(redelivery ? { redelivery } : {}) });

describe('poll cursor', () => {
  it('starts without a position', async () => {
    expect(await open(new MemoryStore()).begin()).toEqual({
      committed: undefined,
      promoted: undefined,
      redelivering: false,
    });
  });

  it('commits a batch at the next poll of a process that still runs', async () => {
    const store = new MemoryStore();
    await open(store).stage({ from: 0, to: 5 });
    expect(await open(store).begin()).toEqual({ committed: 0, promoted: 5, redelivering: false });
  });

  it('takes a process on another host as running', async () => {
    const store = new MemoryStore();
    await open(store).stage({ from: 0, to: 5 });
    store.moveOwner();
    expect(await open(store).begin()).toMatchObject({ promoted: 5 });
  });

  it('delivers again when the process is gone, but not for ever', async () => {
    const store = new MemoryStore();
    await open(store).stage({ from: 0, to: 5 });
    for (let delivery = 1; delivery < MAX_DELIVERIES; delivery += 1) {
      store.killOwner();
      const cursor = open(store);
      expect(await cursor.begin()).toEqual({ committed: 0, promoted: undefined, redelivering: true });
      await cursor.stage({ from: 0, to: 5 });
    }
    store.killOwner();
    expect(await open(store).begin()).toEqual({ committed: 0, promoted: 5, redelivering: false });
  });

  it('recognises a process id that was given to another process', async () => {
    const store = new MemoryStore();
    await open(store).stage({ from: 0, to: 5 });
    store.text = store.text?.replace(/"started":"[^"]*"/, '"started":"1"');
    expect(await open(store).begin()).toMatchObject({ redelivering: true });
  });

  it('goes on where it is told to', async () => {
    const store = new MemoryStore();
    await open(store).stage({ from: 0, to: 5 });
    store.killOwner();
    expect(await open(store, 'continue').begin()).toMatchObject({ promoted: 5 });
  });

  it('amends both positions and leaves the batch open', async () => {
    const store = new MemoryStore();
    const cursor = open(store);
    await cursor.amend((known) => known ?? 7);
    expect(await cursor.begin()).toMatchObject({ committed: 7 });
    await cursor.stage({ from: 7, to: 9 });
    await cursor.amend((known) => (known ?? 0) * 10);
    expect(await cursor.begin()).toEqual({ committed: 70, promoted: 90, redelivering: false });
    await cursor.commit(91);
    expect(await cursor.begin()).toEqual({ committed: 91, promoted: undefined, redelivering: false });
  });

  it('refuses a position that it cannot read', async () => {
    const store = new MemoryStore();
    store.text = '{"committed":"x","pending":null,"deliveries":0}';
    await expect(open(store).begin()).rejects.toMatchObject({ code: 'BIZ_TRIGGER_STATE_INVALID' });
    store.text = '"rubbish"';
    await expect(open(store).begin()).rejects.toMatchObject({ code: 'BIZ_TRIGGER_STATE_INVALID' });
  });
});
