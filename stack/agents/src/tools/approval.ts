import type { ToolLabel } from './decision';

/** `ask`: a person decides; `auto`: it runs; `refuse`: it never runs. */
export type ApprovalRule = 'ask' | 'auto' | 'refuse';

/** Rules of the flow's author. Writes and destructive calls wait for a person unless told otherwise. */
export interface ApprovalPolicy {
  write?: ApprovalRule;
  destructive?: ApprovalRule;
  /** By tool; goes before the label. */
  tools?: Readonly<Record<string, ApprovalRule>>;
}

export function ruleFor(policy: ApprovalPolicy, tool: string, label: ToolLabel): ApprovalRule {
  const own = Object.hasOwn(policy.tools ?? {}, tool) ? policy.tools?.[tool] : undefined;
  if (own !== undefined) return own;
  return label === 'read' ? 'auto' : (policy[label] ?? 'ask');
}
