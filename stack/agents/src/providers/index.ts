export { createChatModel, type ChatModel, type ModelReply, type ModelRequest } from './chat-model';
export {
  parseProviderConfig,
  providerConfigSchema,
  type ProviderConfig,
  type ProviderConfigInput,
} from './config';
export type { Message, ToolCall, ToolSpec } from './messages';
export { costOf, priceTableSchema, type PriceTable } from './prices';
export { completeStructured, jsonSchemaOf, type StructuredRequest } from './structured';
export { addUsage, noUsage, UsageMeter, type RequestUsage, type Usage, type UsageLimits } from './usage';
