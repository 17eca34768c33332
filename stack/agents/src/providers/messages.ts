/** A call the model asks for. */
export interface ToolCall {
  id: string;
  name: string;
  input: Record<string, unknown>;
  /** The arguments as the model wrote them, when they were no JSON object; `input` is empty then. */
  malformed?: string;
}

/** A conversation in plain JSON, the same for every provider; it stands in checkpoints as it is. */
export type Message =
  /** `perRun` changes from run to run and stands last, so that providers can cache what is before it. */
  | { role: 'system'; content: string; perRun?: string }
  | { role: 'user'; content: string }
  | { role: 'assistant'; content: string; toolCalls: ToolCall[] }
  | { role: 'tool'; toolCallId: string; content: string };

/** A tool as the model sees it. */
export interface ToolSpec {
  name: string;
  description: string;
  /** JSON schema of an object. */
  parameters: Record<string, unknown>;
}
