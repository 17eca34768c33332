export { AllowList } from './allow-list';
export { ruleFor, type ApprovalPolicy, type ApprovalRule } from './approval';
export { auditEvent, auditId, type AuditPhase, type AuditRecord, type AuditSink } from './audit';
export {
  decisionSchema,
  pendingCallSchema,
  TOOL_LABELS,
  type Decision,
  type PendingCall,
  type ToolLabel,
} from './decision';
export { defineTool, type Tool, type ToolContext, type ToolDefinition } from './define-tool';
export {
  checkAllowedUrl,
  guardedFetch,
  isPrivateAddress,
  type GuardedFetch,
  type GuardedFetchOptions,
  type GuardedRequest,
  type GuardedResponse,
} from './guarded-fetch';
export type { CallLedger, CallOutcome, CallState } from './ledger';
export { Quoter } from './quoting';
export { safeText, safeValue, type SafeOutputOptions } from './safe-output';
export { SecretGuard } from './secrets';
export { Toolbox, type ExecutedCall, type ToolboxOptions, type Verdict } from './toolbox';
export { isAllowed, type AgentUser } from './user';
