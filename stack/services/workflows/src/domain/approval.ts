import type { ApprovalPolicy } from '../client/invoice-processing';
import { type Minor, parseMoney } from './money';

/** What decides who may act: plain JSON, carried from run to run. */
export interface ApprovalState {
  readonly level: number;
  readonly escalated: boolean;
  /** Persons who approved, at any level. */
  readonly approvedBy: readonly string[];
  /** Approvals at the current level. */
  readonly atLevel: number;
  /** For whom each may act. */
  readonly delegations: readonly { readonly from: string; readonly to: string }[];
  /** Principals whose voice was used at this level. */
  readonly used: readonly string[];
}

export const FIRST_LEVEL: ApprovalState = {
  level: 0,
  escalated: false,
  approvedBy: [],
  atLevel: 0,
  delegations: [],
  used: [],
};

/** Levels that an amount has to pass: all up to the first whose limit it does not exceed. */
export function levelsFor(policy: ApprovalPolicy, gross: Minor, currency: string): number {
  const index = policy.levels.findIndex(
    ({ upTo }) => upTo === undefined || gross <= parseMoney(upTo, currency),
  );
  return index + 1;
}

/** Those who are asked now, delegates included. */
export function approversOf(policy: ApprovalPolicy, state: ApprovalState): string[] {
  const level = policy.levels[state.level];
  if (!level) return [];
  const principals = [...level.approvers, ...(state.escalated ? level.escalateTo : [])];
  const delegates = state.delegations.filter(({ from }) => principals.includes(from)).map(({ to }) => to);
  return [...new Set([...principals, ...delegates])];
}

/**
 * Why `person` may not approve now, or for whom the approval would count.
 * Four eyes: neither who handed the invoice in nor who approved already; and each principal has one voice.
 */
export function voiceOf(
  policy: ApprovalPolicy,
  state: ApprovalState,
  submittedBy: string,
  person: string,
): { readonly principal: string } | { readonly refused: string } {
  if (person === submittedBy) return { refused: `${person} handed the invoice in and may not approve it` };
  if (state.approvedBy.includes(person)) return { refused: `${person} has approved already` };
  const level = policy.levels[state.level];
  const principals = level ? [...level.approvers, ...(state.escalated ? level.escalateTo : [])] : [];
  const mine = [
    ...principals.filter((principal) => principal === person),
    ...state.delegations
      .filter(({ from, to }) => to === person && principals.includes(from))
      .map(({ from }) => from),
  ];
  if (mine.length === 0) return { refused: `${person} is not asked at level ${state.level + 1}` };
  const principal = mine.find((one) => !state.used.includes(one));
  return principal === undefined
    ? { refused: `the voice of ${mine.join(', ')} was used already` }
    : { principal };
}

/** The state after an approval; `done` when the last needed level is passed. */
export function approved(
  policy: ApprovalPolicy,
  state: ApprovalState,
  levels: number,
  person: string,
  principal: string,
): { readonly state: ApprovalState; readonly done: boolean } {
  const required = policy.levels[state.level]?.required ?? 1;
  const atLevel = state.atLevel + 1;
  const approvedBy = [...state.approvedBy, person];
  if (atLevel < required) {
    return { state: { ...state, approvedBy, atLevel, used: [...state.used, principal] }, done: false };
  }
  const level = state.level + 1;
  return {
    state: { ...state, approvedBy, level, atLevel: 0, used: [], escalated: false },
    done: level >= levels,
  };
}
