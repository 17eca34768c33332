export { MemoryStore } from './memory-store';
export { PostgresStore, type PostgresStoreOptions } from './postgres-store';
export {
  QUALIFICATION_FIELDS,
  type AgentStore,
  type Conversation,
  type ConversationStore,
  type ForgottenRows,
  type NewRun,
  type Qualification,
  type QualificationAnswer,
  type QualificationField,
  type QualificationStore,
  type RunPatch,
  type RunRecord,
  type RunStatus,
  type RunStore,
  type Turn,
} from './store';
export { summariseConversation, type SummariseOptions } from './summarise';
export { estimateTokens } from './tokens';
