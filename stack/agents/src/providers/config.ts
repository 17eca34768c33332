import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { priceTableSchema } from './prices';

const baseUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !URL.canParse(url) || (new URL(url).username === '' && new URL(url).password === ''), {
    message: 'Put the key into apiKey, not into the URL.',
  });

const common = {
  apiKey: z.string().trim().min(1),
  model: z.string().trim().min(1),
  temperature: z.number().min(0).max(2).optional(),
  /** Most tokens of one answer. */
  maxOutputTokens: z.int().min(1).max(200_000).default(4096),
  /** Milliseconds until an answer is complete; of a stream: until the next part of it. */
  timeoutMs: z.int().min(1).max(600_000).default(60_000),
  retries: z
    .strictObject({
      /** Attempts after the first. */
      max: z.int().min(0).max(10).default(3),
      /** Milliseconds that all attempts and waits of one request may take. */
      budgetMs: z.int().min(0).max(600_000).default(90_000),
    })
    .prefault({}),
  /** Of this process; the provider's own limits are met by waiting as long as it says. */
  requestsPerMinute: z.int().min(1).optional(),
  prices: priceTableSchema.default({}),
};

export const providerConfigSchema = z.discriminatedUnion('provider', [
  z.strictObject({ provider: z.literal('openai'), baseUrl: baseUrl.optional(), ...common }),
  z.strictObject({
    provider: z.literal('anthropic'),
    baseUrl: baseUrl.optional(),
    /** Marks the system prompt and the tools for the provider's cache. */
    promptCaching: z.boolean().default(true),
    ...common,
  }),
  /** Ollama, vLLM, llama.cpp, LiteLLM, Azure gateways, …: anything with `POST <baseUrl>/chat/completions`. */
  z.strictObject({ provider: z.literal('openai-compatible'), baseUrl, ...common }),
]);

export type ProviderConfigInput = z.input<typeof providerConfigSchema>;
export type ProviderConfig = z.output<typeof providerConfigSchema>;

/** @throws BizError `BIZ_AGENTS_CONFIG_INVALID` naming the fields; never their values. */
export function parseProviderConfig(input: unknown): ProviderConfig {
  const parsed = providerConfigSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new BizError(
    'BIZ_AGENTS_CONFIG_INVALID',
    `The model's configuration is wrong: ${z.prettifyError(parsed.error)}`,
    { hint: 'Give provider, apiKey and model, and a baseUrl for "openai-compatible".' },
  );
}
