import { Slots } from '../../src/engine/slots';

const never = new AbortController().signal;

describe('Slots', () => {
  it('grants in order and never more than there are', async () => {
    const slots = new Slots(2, 10, 60_000);
    const order: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (n) => {
        const release = await slots.take(never);
        running += 1;
        most = Math.max(most, running);
        order.push(n);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        release();
        release();
      }),
    );
    expect([order, most]).toEqual([[0, 1, 2, 3, 4, 5], 2]);
  });

  it('refuses when the queue is full', async () => {
    const slots = new Slots(1, 0, 60_000);
    const release = await slots.take(never);
    await expect(slots.take(never)).rejects.toMatchObject({ code: 202 });
    release();
    await expect(slots.take(never)).resolves.toBeInstanceOf(Function);
  });

  it('refuses after the wait, and gives a place back that came too late', async () => {
    const slots = new Slots(1, 5, 1);
    const release = await slots.take(never);
    await expect(slots.take(never)).rejects.toMatchObject({ code: 202 });
    release();
    await expect(slots.take(never)).resolves.toBeInstanceOf(Function);
  });

  it('lets a client that left lose its place', async () => {
    const slots = new Slots(1, 5, 60_000);
    const release = await slots.take(never);
    const gone = new AbortController();
    const waiting = slots.take(gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 394 });
    release();
    await expect(slots.take(never)).resolves.toBeInstanceOf(Function);
  });
});
