import type { ChatModel } from '../providers/chat-model';
import type { UsageMeter } from '../providers/usage';
import { Quoter } from '../tools/quoting';
import type { SecretGuard } from '../tools/secrets';
import type { AgentStore, Conversation } from './store';
import { estimateTokens } from './tokens';

export interface SummariseOptions {
  model: ChatModel;
  meter: UsageMeter;
  secrets: SecretGuard;
  /** Tokens (estimated) that a conversation may have before its older half is put in short. */
  budget: number;
  signal?: AbortSignal;
}

const PROMPT = [
  'Put a conversation in short, in its own language, in at most 150 words: who the contact is, what they want,',
  'what was agreed, what is open. Facts only; keep names, numbers and dates exactly as they are.',
].join('\n');

/** Keeps a conversation within its budget. The summary is text from outside like what it was made of. */
export async function summariseConversation(
  store: AgentStore,
  { contactId, agent }: { contactId: string; agent: string },
  options: SummariseOptions,
): Promise<Conversation> {
  const talk = await store.conversations.load(contactId, agent);
  const tokens =
    estimateTokens(talk.summary ?? '') + talk.turns.reduce((sum, turn) => sum + estimateTokens(turn.text), 0);
  const count = Math.ceil(talk.turns.length / 2);
  if (tokens <= options.budget || count < 2) return talk;
  const quoter = new Quoter();
  const older = talk.turns
    .slice(0, count)
    .map((turn) => quoter.quote(turn.role, options.secrets.redact(turn.text)));
  const before = talk.summary === null ? [] : [quoter.quote('summary of what was before', talk.summary)];
  const reply = await options.model.complete(
    {
      messages: [
        { role: 'system', content: PROMPT, perRun: quoter.rules },
        { role: 'user', content: [...before, ...older].join('\n') },
      ],
      signal: options.signal,
    },
    options.meter,
  );
  await store.conversations.summarise(contactId, agent, options.secrets.redact(reply.text), count);
  return store.conversations.load(contactId, agent);
}
