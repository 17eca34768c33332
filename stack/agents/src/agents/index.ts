export { Agent, type AgentDeps, type AgentResult, type ResumeOptions, type RunOptions } from './agent';
export { answerSchema, customAgent, type CustomAgentOptions } from './custom';
export type { AgentDefinition, CheckContext, Checked } from './definition';
export type { AgentInput, AgentInputGiven } from './input';
export type { KnowledgeBase, KnowledgeBaseSearchOptions, Passage } from './knowledge-base';
export * from './content';
export * from './finance';
export * from './operations';
export * from './sales';
