import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { costOf, type PriceTable } from './prices';

/** What a run has used so far. */
export interface Usage {
  /** Requests to the model that were answered. */
  requests: number;
  /** Tokens, the cached ones included. */
  inputTokens: number;
  outputTokens: number;
  /** Part of `inputTokens` that the provider read from its cache. */
  cachedInputTokens: number;
  /** Part of `inputTokens` that was written to the provider's cache. */
  cacheWriteTokens: number;
  /** US dollars by the price table; null when a model that was used has no price. */
  costUsd: number | null;
}

export const usageSchema: z.ZodType<Usage> = z.object({
  requests: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cachedInputTokens: z.number(),
  cacheWriteTokens: z.number(),
  costUsd: z.number().nullable(),
});

/** Tokens of one answered request. */
export type RequestUsage = Omit<Usage, 'requests' | 'costUsd'>;

/** Ends a run that would use more. A cost limit needs a price for the model. */
export interface UsageLimits {
  maxRequests?: number | undefined;
  /** Input and output together. */
  maxTokens?: number | undefined;
  maxCostUsd?: number | undefined;
}

export function noUsage(): Usage {
  return {
    requests: 0,
    inputTokens: 0,
    outputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    costUsd: 0,
  };
}

export function addUsage(left: Usage, right: Usage): Usage {
  return {
    requests: left.requests + right.requests,
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    cachedInputTokens: left.cachedInputTokens + right.cachedInputTokens,
    cacheWriteTokens: left.cacheWriteTokens + right.cacheWriteTokens,
    costUsd: left.costUsd === null || right.costUsd === null ? null : left.costUsd + right.costUsd,
  };
}

/** Counts what one run uses and stops it at its limits. Agents of a team share one meter. */
export class UsageMeter {
  #usage: Usage;
  readonly #limits: UsageLimits;

  /** @param start what a run that is resumed had used before */
  constructor(limits: UsageLimits = {}, start: Usage = noUsage()) {
    this.#limits = limits;
    this.#usage = start;
  }

  get usage(): Usage {
    return { ...this.#usage };
  }

  /**
   * Call before every request.
   * @throws BizError `BIZ_AGENTS_BUDGET_SPENT` when a limit is reached, `BIZ_AGENTS_PRICE_UNKNOWN` when there is
   *   a cost limit but no price to hold it with.
   */
  check(model: string, prices: PriceTable): void {
    const { maxRequests, maxTokens, maxCostUsd } = this.#limits;
    const used = this.#usage;
    if (maxCostUsd !== undefined && (used.costUsd === null || prices[model] === undefined)) {
      throw new BizError('BIZ_AGENTS_PRICE_UNKNOWN', `There is a cost limit, but no price for "${model}".`, {
        hint: 'Add the model to the price table, or limit tokens instead.',
      });
    }
    const spent =
      exceeded('requests', used.requests, maxRequests) ??
      exceeded('tokens', used.inputTokens + used.outputTokens, maxTokens) ??
      exceeded('US dollars', used.costUsd ?? 0, maxCostUsd);
    if (spent !== undefined) {
      throw new BizError('BIZ_AGENTS_BUDGET_SPENT', `The run has used ${spent}.`, {
        hint: 'Raise the limit of the run, or give it a smaller task.',
        details: { ...used },
      });
    }
  }

  add(model: string, prices: PriceTable, request: RequestUsage): void {
    const cost = costOf(model, prices, request);
    this.#usage = addUsage(this.#usage, { ...request, requests: 1, costUsd: cost });
  }
}

function exceeded(what: string, used: number, limit: number | undefined): string | undefined {
  return limit !== undefined && used >= limit
    ? `${Number(used.toPrecision(4))} of ${limit} ${what}`
    : undefined;
}
