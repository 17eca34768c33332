import { BizError } from '@bizstack/contracts';
import { parseProviderConfig, type ProviderConfig, type ProviderConfigInput } from './config';
import { cancelled, refused, streamCut, toAgentError, type Ended } from './errors';
import type { LangChainModel, RawReply } from './langchain-model';
import type { Message, ToolCall, ToolSpec } from './messages';
import type { PriceTable } from './prices';
import { RateLimit } from './rate-limit';
import { withRetries } from './retry';
import type { RequestUsage, UsageMeter } from './usage';

export interface ModelRequest {
  messages: readonly Message[];
  tools?: readonly ToolSpec[];
  /** `auto`: the model chooses; `required`: it must call one; a name: it must call that one. */
  toolChoice?: 'auto' | 'required' | { name: string };
  signal?: AbortSignal | undefined;
  /** Gets the text as it comes. Without it the answer is asked for in one part. */
  onText?: ((delta: string) => void) | undefined;
}

export interface ModelReply {
  text: string;
  toolCalls: ToolCall[];
  usage: RequestUsage;
}

/** One configured model of one provider. Safe to share between runs. */
export interface ChatModel {
  readonly model: string;
  readonly prices: PriceTable;
  /**
   * One answer, after retries. The meter is asked before and told after.
   * @throws BizError `BIZ_AGENTS_…`: `KEY_WRONG`, `RATE_LIMITED`, `QUOTA_SPENT`, `TIMEOUT`, `REFUSED`,
   *   `STREAM_CUT`, `RESPONSE_MALFORMED`, `OUTPUT_TRUNCATED`, `CONTEXT_TOO_LONG`, `MODEL_UNKNOWN`,
   *   `PROVIDER_DOWN`, `REQUEST_REFUSED`, `UNREACHABLE`, `CANCELLED`, `BUDGET_SPENT`, `PRICE_UNKNOWN`
   */
  complete(request: ModelRequest, meter: UsageMeter): Promise<ModelReply>;
}

/**
 * A model by its configuration. The provider's library is loaded at the first request.
 * @throws BizError `BIZ_AGENTS_CONFIG_INVALID`
 */
export function createChatModel(input: ProviderConfigInput): ChatModel {
  return new ProviderModel(parseProviderConfig(input));
}

class ProviderModel implements ChatModel {
  readonly model: string;
  readonly prices: PriceTable;
  readonly #config: ProviderConfig;
  readonly #limit: RateLimit;
  #loaded: Promise<LangChainModel> | undefined;

  constructor(config: ProviderConfig) {
    this.#config = config;
    this.model = config.model;
    this.prices = config.prices;
    this.#limit = new RateLimit(config.requestsPerMinute);
  }

  async complete(request: ModelRequest, meter: UsageMeter): Promise<ModelReply> {
    const { max, budgetMs } = this.#config.retries;
    const signal = request.signal ?? new AbortController().signal;
    let spoken = false;
    const onText = request.onText;
    const attempt = async () => {
      meter.check(this.model, this.prices);
      await this.#limit.take(signal).catch((error: unknown) => {
        throw cancelled(error);
      });
      try {
        return await this.#attempt({
          ...request,
          signal,
          onText: onText && ((delta) => ((spoken = true), onText(delta))),
        });
      } catch (error) {
        // What was shown cannot be taken back: the second attempt would be shown after half of the first.
        throw spoken && error instanceof BizError ? final(error) : error;
      }
    };
    const reply = await withRetries(attempt, {
      max,
      budgetMs,
      signal,
      onWait: (milliseconds, error) => {
        if (error.code === 'BIZ_AGENTS_RATE_LIMITED') this.#limit.pause(milliseconds);
      },
    });
    meter.add(this.model, this.prices, reply.usage);
    return this.#checked(reply);
  }

  async #attempt(request: ModelRequest & { signal: AbortSignal }): Promise<RawReply> {
    const { timeoutMs, apiKey } = this.#config;
    if (request.signal.aborted) throw cancelled();
    const controller = new AbortController();
    let ended: Ended;
    const end = (why: Ended) => {
      ended ??= why;
      controller.abort();
    };
    const onAbort = () => end('cancelled');
    request.signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    const streamed = request.onText !== undefined;
    try {
      const model = await this.#load();
      return await model.ask(
        request,
        controller.signal,
        streamed
          ? (delta) => {
              timer.refresh();
              if (delta && ended === undefined) request.onText?.(delta);
            }
          : undefined,
      );
    } catch (error) {
      throw toAgentError(error, { model: this.model, apiKey, timeoutMs, ended, streamed });
    } finally {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', onAbort);
    }
  }

  #checked(reply: RawReply): ModelReply {
    if (reply.finish === 'refused') throw refused(this.model, reply.text);
    if (reply.finish === 'length') {
      throw new BizError(
        'BIZ_AGENTS_OUTPUT_TRUNCATED',
        `The answer of "${this.model}" is longer than ${this.#config.maxOutputTokens} tokens.`,
        { hint: 'Raise maxOutputTokens, or ask for less.' },
      );
    }
    if (reply.finish === 'none') throw streamCut(this.model);
    return { text: reply.text, toolCalls: reply.toolCalls, usage: reply.usage };
  }

  #load(): Promise<LangChainModel> {
    this.#loaded ??= load(this.#config);
    return this.#loaded;
  }
}

function final(error: BizError): BizError {
  const { code, message, details, cause } = error;
  return new BizError(code, message, { details, cause, retryable: false });
}

async function load(config: ProviderConfig): Promise<LangChainModel> {
  return config.provider === 'anthropic'
    ? (await import('./anthropic-lazy.js')).loadModel(config)
    : (await import('./openai-lazy.js')).loadModel(config);
}
