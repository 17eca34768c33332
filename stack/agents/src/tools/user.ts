/** Who an agent works for. Tools act with this user's permissions, never with more. */
export interface AgentUser {
  readonly id: string;
  readonly name?: string;
  /** Names that tools ask for, for example `crm:write`. `*` allows everything, `crm:*` everything of the CRM. */
  readonly permissions: readonly string[];
}

/** Whether the user may do what a tool needs. */
export function isAllowed(user: AgentUser, permission: string): boolean {
  return user.permissions.some(
    (held) =>
      held === '*' ||
      held === permission ||
      (held.endsWith(':*') && permission.startsWith(held.slice(0, -1))),
  );
}
