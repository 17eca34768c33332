import { BizError, isBizError, sleep } from '@bizstack/piece-common';
import { z } from 'zod';
import type { NocoBaseClient } from '../client';
import { findConversation, isBusy } from './conversation';
import {
  type Message,
  readMessages,
  textOf,
  type ToolCall,
  toolCallsOf,
  type Waiting,
  waitingOf,
} from './messages';

const POLL_MS = 500;
/** NocoBase lets one account have three answers under way; the next one waits for its turn. */
const IN_PROGRESS = /conversations in progress/i;
const TURN_POLL_MS = 2000;

export interface Model {
  llmService: string;
  model: string;
}

export interface Question {
  client: NocoBaseClient;
  sessionId: string;
  employee: string;
  text: string;
  /** The message before the question; undefined when the conversation began with it. */
  after: string | undefined;
  model: Model | undefined;
  /** Milliseconds since the epoch. */
  deadline: number;
}

export type Progress =
  { kind: 'answered'; answer: Message; toolCalls: ToolCall[] } | ({ kind: 'approval' } & Waiting);

export type Decision = { type: 'approve' } | { type: 'reject'; message: string };

/**
 * Sends the message unless it stands there already, and waits until the employee has answered or wants an approval.
 * @throws BizError `BIZ_NOCOBASE_AI_TIMEOUT`, `BIZ_NOCOBASE_AI_FAILED`.
 */
export async function ask(question: Question): Promise<Progress> {
  let failure: string | undefined;
  if ((await sinceQuestion(question)).length === 0) failure = await sendMessage(question);
  for (;;) {
    await untilIdle(question);
    const progress = await progressOf(question);
    if (progress) return progress;
    if (failure !== undefined && !IN_PROGRESS.test(failure)) throw failed(failure);
    if (failure !== undefined) await pause(question, TURN_POLL_MS);
    // The message is stored and nobody works on it: an earlier try was cut short, or it was not its turn.
    failure =
      (await sinceQuestion(question)).length === 0 ? await sendMessage(question) : await resend(question);
    if (failure === undefined) failure = 'The employee gave no answer.';
  }
}

/** Decides about tool calls that wait and lets the employee go on. Doing it twice does no harm. */
export async function decide(
  question: Question,
  { sessionId, message, pending }: Waiting,
  decisionOf: (call: ToolCall) => Decision,
): Promise<Progress> {
  const { client, model } = question;
  for (const call of pending) {
    if (call.invokeStatus !== 'interrupted') continue;
    await client.call({
      method: 'POST',
      action: 'aiConversations:updateUserDecision',
      body: { sessionId, messageId: message.key, toolCallId: call.id, userDecision: decisionOf(call) },
      schema: z.unknown(),
      repeatable: true,
    });
  }
  const failure = await stream(question, 'aiConversations:resumeToolCall', {
    sessionId: question.sessionId,
    messageId: message.key,
    ...(model ? { model } : {}),
  });
  await untilIdle(question);
  const progress = await progressOf(question);
  if (progress && !(progress.kind === 'approval' && progress.message.key === message.key)) return progress;
  throw failed(failure ?? 'The employee did not go on after the decision.');
}

/** What there is since the question: an answer, tool calls that wait, or nothing yet. */
export async function progressOf(question: Question): Promise<Progress | undefined> {
  const messages = (await sinceQuestion(question)).slice(1);
  const last = messages.at(-1);
  if (!last || last.role === 'user') return undefined;
  const waiting = waitingOf(question.sessionId, last);
  if (waiting) return { kind: 'approval', ...waiting };
  if (toolCallsOf(last).length > 0) return undefined;
  return { kind: 'answered', answer: last, toolCalls: messages.flatMap(toolCallsOf) };
}

/** The question and all that came after it; empty when it was not sent yet. */
async function sinceQuestion({ client, sessionId, text, after }: Question): Promise<Message[]> {
  const messages = await readMessages(client, sessionId);
  const start = messages.findIndex(
    (message) =>
      message.role === 'user' &&
      textOf(message) === text &&
      (after === undefined || isLater(message.key, after)),
  );
  return start < 0 ? [] : messages.slice(start);
}

/** Ids of messages are growing numbers. */
function isLater(key: string, other: string): boolean {
  return BigInt(key) > BigInt(other);
}

function sendMessage(question: Question): Promise<string | undefined> {
  const { sessionId, employee, text, model } = question;
  return stream(question, 'aiConversations:sendMessages', {
    sessionId,
    aiEmployee: employee,
    messages: [{ role: 'user', content: { type: 'text', content: text } }],
    ...(model ? { model } : {}),
  });
}

function resend(question: Question): Promise<string | undefined> {
  const { sessionId, model } = question;
  return stream(question, 'aiConversations:resendMessages', { sessionId, ...(model ? { model } : {}) });
}

const errorEventSchema = z.looseObject({ type: z.literal('error'), body: z.unknown() });

/** Calls an action that streams. @returns what NocoBase says went wrong; undefined when the stream ended well or broke off. */
async function stream(question: Question, action: string, body: unknown): Promise<string | undefined> {
  let failure: string | undefined;
  try {
    await question.client.stream({
      action,
      body,
      timeoutMs: Math.max(1, question.deadline - Date.now()),
      onEvent(event) {
        const error = errorEventSchema.safeParse(event);
        if (error.success) failure = messageText(error.data.body);
      },
    });
  } catch (error) {
    if (isBizError(error, 'BIZ_NOCOBASE_TIMEOUT')) throw await timedOut(question, error);
    // NocoBase goes on working when the connection breaks; what becomes of it is asked for afterwards.
    if (!isBizError(error, 'BIZ_NOCOBASE_CONNECTION_LOST')) throw error;
  }
  return failure;
}

async function untilIdle(question: Question): Promise<void> {
  while (isBusy(await findConversation(question.client, question.sessionId))) await pause(question, POLL_MS);
}

async function pause(question: Question, ms: number): Promise<void> {
  if (Date.now() + ms > question.deadline) throw await timedOut(question);
  await sleep(ms);
}

/** Stops the employee, so that nobody pays for an answer that nobody waits for. */
async function timedOut({ client, sessionId }: Question, cause?: unknown): Promise<BizError> {
  const aborted = await client
    .call({
      method: 'POST',
      action: 'aiConversations:abort',
      body: { sessionId },
      schema: z.unknown(),
      repeatable: true,
    })
    .then(
      () => true,
      () => false,
    );
  return new BizError('BIZ_NOCOBASE_AI_TIMEOUT', 'The AI employee did not answer in time.', {
    hint: aborted
      ? 'It was stopped. Raise the time-out or ask for less.'
      : 'Raise the time-out or ask for less.',
    details: { conversationId: sessionId },
    cause,
  });
}

function failed(reason: string): BizError {
  return new BizError('BIZ_NOCOBASE_AI_FAILED', `The AI employee could not answer: ${reason.slice(0, 500)}`, {
    hint: 'Check the LLM service of the employee in NocoBase.',
  });
}

function messageText(body: unknown): string {
  if (typeof body === 'string') return body;
  const message = z.looseObject({ message: z.string() }).safeParse(body);
  return message.success ? message.data.message : JSON.stringify(body ?? 'unknown error');
}
