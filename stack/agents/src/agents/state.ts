import type { Message } from '../providers/messages';
import type { Usage } from '../providers/usage';
import type { Decision } from '../tools/decision';
import type { AgentInput } from './input';

/** What a checkpoint holds: plain JSON, so that another version or process reads it. */
export interface AgentState {
  input: AgentInput;
  /** Of the delimiter of quoted data. */
  nonce: string;
  messages: Message[];
  decisions: Decision[];
  notes: { kind: string; value: unknown }[];
  /** Answers of the model so far. */
  steps: number;
  /** How often the result was given back. */
  repairs: number;
  usage: Usage;
  /** The checked result, in an object so that any value can be told from none. */
  done: { result: unknown } | null;
}
