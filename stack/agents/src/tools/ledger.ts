/** Outcome of a call that a model is told. */
export interface CallOutcome {
  ok: boolean;
  text: string;
}

/** `unknown`: it was begun and nobody knows how it ended, because the process died meanwhile. */
export type CallState = { state: 'new' } | { state: 'done'; outcome: CallOutcome } | { state: 'unknown' };

/** Remembers which writing calls were begun and how they ended, so that each happens once. */
export interface CallLedger {
  begin(runId: string, callId: string, tool: string): Promise<CallState>;
  finish(runId: string, callId: string, outcome: CallOutcome): Promise<void>;
}
