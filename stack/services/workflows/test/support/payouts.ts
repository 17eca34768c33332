import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakePayouts {
  readonly url: string;
  /** Payments that were really made, by idempotency key. */
  readonly made: ReadonlyMap<string, { id: string; amount: string; currency: string }>;
  readonly requests: number;
  /** What the next new payment ends as. */
  outcome: 'paid' | 'failed' | 'refused' | 'pending';
  /** Payments that are pending become paid. */
  settle(): void;
  close(): Promise<void>;
}

/** A fake of a payment API that speaks Stripe's payouts, with idempotency keys, over real HTTP. */
export async function startFakePayouts(): Promise<FakePayouts> {
  const made = new Map<string, { id: string; amount: string; currency: string; status: string }>();
  const state: { outcome: FakePayouts['outcome']; requests: number } = { outcome: 'paid', requests: 0 };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      state.requests += 1;
      const answer = (status: number, body: unknown): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.headers.authorization !== 'Bearer sk_test_workflows') return answer(401, { error: 'key' });
      if (request.method === 'GET') {
        const found = [...made.values()].find(({ id }) => request.url === `/v1/payouts/${id}`);
        return found ? answer(200, found) : answer(404, {});
      }
      const key = String(request.headers['idempotency-key']);
      const known = made.get(key);
      if (known) return answer(200, known);
      if (state.outcome === 'refused') return answer(402, { error: { code: 'insufficient_funds' } });
      const form = new URLSearchParams(Buffer.concat(parts).toString());
      const payout = {
        id: `po_${made.size + 1}`,
        amount: form.get('amount') ?? '',
        currency: form.get('currency') ?? '',
        status: state.outcome,
      };
      made.set(key, payout);
      return answer(200, payout);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    made,
    get requests() {
      return state.requests;
    },
    get outcome() {
      return state.outcome;
    },
    set outcome(outcome) {
      state.outcome = outcome;
    },
    settle() {
      for (const payout of made.values()) payout.status = 'paid';
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
