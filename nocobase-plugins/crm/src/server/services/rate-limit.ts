import { BizError } from '@bizstack/contracts';

const WINDOW_MS = 60_000;
const MAX_CLIENTS = 20_000;

/** Counts requests a client and minute, in this process. */
export class RateLimit {
  private readonly clients = new Map<string, { count: number; until: number }>();

  constructor(private readonly perMinute: number) {}

  /** @throws BizError `BIZ_CRM_RATE_LIMITED` with `retryAfterSeconds` in its details. */
  take(client: string, now = Date.now()): void {
    const known = this.clients.get(client);
    if (known === undefined || known.until <= now) {
      this.clients.delete(client);
      if (this.clients.size >= MAX_CLIENTS) this.forgetOldest();
      this.clients.set(client, { count: 1, until: now + WINDOW_MS });
      return;
    }
    known.count += 1;
    if (known.count <= this.perMinute) return;
    const retryAfterSeconds = Math.ceil((known.until - now) / 1000);
    throw new BizError('BIZ_CRM_RATE_LIMITED', 'Too many enquiries from this address.', {
      hint: `Try again in ${retryAfterSeconds} s.`,
      retryable: true,
      details: { retryAfterSeconds },
    });
  }

  private forgetOldest(): void {
    const oldest = this.clients.keys().next();
    if (oldest.done !== true) this.clients.delete(oldest.value);
  }
}
