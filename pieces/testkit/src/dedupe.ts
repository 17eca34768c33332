import { DEDUPE_KEY_PROPERTY } from '@activepieces/pieces-framework';
import { isPlainObject } from './values';
import { LIMITS } from './limits';

/**
 * The server's `_dedupe_key`: of the items with one key that arrive within 30 s only the first becomes a run.
 * The key itself does not reach the flow.
 */
export class DedupeWindow {
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly now: () => number = Date.now,
    private readonly windowMs: number = LIMITS.dedupeWindowMs,
  ) {}

  filter(items: readonly unknown[]): unknown[] {
    const time = this.now();
    for (const [key, until] of this.seen) {
      if (until > time) break;
      this.seen.delete(key);
    }
    return items.flatMap((item) => {
      if (!isPlainObject(item) || !Object.hasOwn(item, DEDUPE_KEY_PROPERTY)) return [item];
      const { [DEDUPE_KEY_PROPERTY]: key, ...rest } = item;
      if (typeof key !== 'string' && typeof key !== 'number') return [rest];
      if (this.seen.has(String(key))) return [];
      this.seen.set(String(key), time + this.windowMs);
      return [rest];
    });
  }
}
