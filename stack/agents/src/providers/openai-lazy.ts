// Loaded at the first request of such a model.
import { SystemMessage } from '@langchain/core/messages';
import { ChatOpenAICompletions } from '@langchain/openai';
import type { ProviderConfig } from './config';
import { langChainModel, type LangChainModel } from './langchain-model';
import { openAiFetch } from './openai-fetch';

export function loadModel(config: Exclude<ProviderConfig, { provider: 'anthropic' }>): LangChainModel {
  return langChainModel({
    model: new ChatOpenAICompletions({
      model: config.model,
      apiKey: config.apiKey,
      maxTokens: config.maxOutputTokens,
      maxRetries: 0,
      ...(config.temperature === undefined ? {} : { temperature: config.temperature }),
      configuration: {
        // Named always: the SDK would take it from the environment otherwise.
        baseURL: config.baseUrl ?? 'https://api.openai.com/v1',
        organization: null,
        project: null,
        fetch: openAiFetch,
        maxRetries: 0,
      },
    }),
    system: (content, perRun) =>
      new SystemMessage(perRun === undefined ? content : `${content}\n\n${perRun}`),
    tools: (specs) => specs.map((spec) => ({ type: 'function', function: spec })),
    choice: (choice) =>
      typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } },
  });
}
