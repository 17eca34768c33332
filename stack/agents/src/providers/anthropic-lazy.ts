// Loaded at the first request of such a model.
import { SystemMessage } from '@langchain/core/messages';
import { ChatAnthropic } from '@langchain/anthropic';
import type { ProviderConfig } from './config';
import { langChainModel, type LangChainModel } from './langchain-model';
import { providerFetch } from './provider-fetch';

export function loadModel(config: Extract<ProviderConfig, { provider: 'anthropic' }>): LangChainModel {
  const cached = config.promptCaching ? { cache_control: { type: 'ephemeral' } } : {};
  return langChainModel({
    model: new ChatAnthropic({
      model: config.model,
      apiKey: config.apiKey,
      maxTokens: config.maxOutputTokens,
      maxRetries: 0,
      ...(config.temperature === undefined ? {} : { temperature: config.temperature }),
      anthropicApiUrl: config.baseUrl ?? 'https://api.anthropic.com',
      clientOptions: { fetch: providerFetch, maxRetries: 0, authToken: null },
    }),
    system: (content, perRun) =>
      new SystemMessage({
        content: [
          { type: 'text', text: content, ...cached },
          ...(perRun === undefined ? [] : [{ type: 'text', text: perRun }]),
        ],
      }),
    // The provider caches everything up to the mark; the tools stand before the system prompt.
    tools: (specs) =>
      specs.map(({ name, description, parameters }, index) => ({
        name,
        description,
        input_schema: parameters,
        ...(index === specs.length - 1 ? cached : {}),
      })),
    choice: (choice) =>
      choice === 'required'
        ? { type: 'any' }
        : choice === 'auto'
          ? { type: 'auto' }
          : { type: 'tool', ...choice },
  });
}
