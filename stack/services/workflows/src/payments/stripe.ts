import { setTimeout as pause } from 'node:timers/promises';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { callHttp } from '../activities/http';
import { parseMoney } from '../domain/money';
import type { PaymentProvider } from './provider';

const API = '2024-06-20';
const POLL_MS = 2_000;

const payoutSchema = z.looseObject({
  id: z.string().min(1),
  status: z.enum(['paid', 'pending', 'in_transit', 'canceled', 'failed']),
  failure_code: z.string().nullish(),
});

/** Payouts of an API that speaks Stripe's: form-encoded, with an idempotency key, waited for until they are paid. */
export function stripeProvider(url: string, secretKey: string | undefined): PaymentProvider {
  return {
    name: 'stripe',
    async pay(order, { signal, heartbeat }) {
      if (secretKey === undefined) {
        throw new BizError('BIZ_PAYMENT_NOT_CONFIGURED', 'There is no key for the payment provider.', {
          hint: 'Set WORKFLOWS_STRIPE_KEY, or pay by SEPA file.',
        });
      }
      const headers = { authorization: `Bearer ${secretKey}`, 'stripe-version': API };
      const call = async (method: 'GET' | 'POST', path: string, body?: URLSearchParams) => {
        const { text } = await callHttp({
          area: 'BIZ_PAYMENT',
          url: `${url}${path}`,
          method,
          headers: {
            ...headers,
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': order.key }),
          },
          ...(body === undefined ? {} : { body: body.toString() }),
          timeoutMs: 30_000,
          signal,
        });
        return readPayout(text);
      };
      const body = new URLSearchParams({
        amount: parseMoney(order.amount, order.currency).toString(),
        currency: order.currency.toLowerCase(),
        description: order.purpose,
        'metadata[key]': order.key,
      });
      if (order.creditor.providerAccount !== undefined)
        body.set('destination', order.creditor.providerAccount);
      let payout = await call('POST', '/v1/payouts', body);
      while (payout.status === 'pending' || payout.status === 'in_transit') {
        heartbeat();
        await pause(POLL_MS, undefined, { signal });
        payout = await call('GET', `/v1/payouts/${encodeURIComponent(payout.id)}`);
      }
      if (payout.status === 'paid') return { reference: payout.id, status: 'settled' };
      throw new BizError(
        'BIZ_PAYMENT_REFUSED',
        `The provider did not carry the payment out: ${payout.failure_code ?? payout.status}.`,
        { details: { reference: payout.id } },
      );
    },
  };
}

function readPayout(text: string): z.output<typeof payoutSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = payoutSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  // What became of the money is unknown: the same key asks again and is not paid twice.
  throw new BizError('BIZ_PAYMENT_UNREADABLE', 'The answer of the payment provider is not a payout.', {
    retryable: true,
    cause: parsed.error,
  });
}
