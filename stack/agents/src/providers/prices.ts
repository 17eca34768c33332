import { z } from 'zod';
import type { RequestUsage } from './usage';

const dollars = z.number().nonnegative();

/** Prices in US dollars per million tokens, by the model's name. Providers change them: configure your own. */
export const priceTableSchema = z.record(
  z.string().min(1),
  z.strictObject({
    input: dollars,
    output: dollars,
    /** Input read from the provider's cache; the input price when left out. */
    cachedInput: dollars.optional(),
    /** Input written to the provider's cache; the input price when left out. */
    cacheWrite: dollars.optional(),
  }),
);
export type PriceTable = z.infer<typeof priceTableSchema>;

/** US dollars of one request; null when the table does not have the model. */
export function costOf(model: string, prices: PriceTable, usage: RequestUsage): number | null {
  const price = prices[model];
  if (price === undefined) return null;
  const plain = usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens;
  const total =
    Math.max(0, plain) * price.input +
    usage.cachedInputTokens * (price.cachedInput ?? price.input) +
    usage.cacheWriteTokens * (price.cacheWrite ?? price.input) +
    usage.outputTokens * price.output;
  return total / 1_000_000;
}
