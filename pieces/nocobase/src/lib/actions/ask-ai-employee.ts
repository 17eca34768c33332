import { createHash } from 'node:crypto';
import { createAction, Property, type Store } from '@activepieces/pieces-framework';
import { ExecutionType } from '@activepieces/shared';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { askPeople, browserTools, deciding, readDecision } from '../ai/approvals';
import { ask, decide, type Decision, type Progress, progressOf, type Question } from '../ai/ask';
import { ensureConversation, findConversation } from '../ai/conversation';
import { readMessages, textOf, type ToolCall } from '../ai/messages';
import { employeeProp, modelProp, readModel } from '../ai/props';
import { clientOf, nocobaseAuth } from '../auth';
import type { NocoBaseClient } from '../client';

/** Rounds of automatic decisions before a model that asks for the same tool for ever is stopped. */
const ROUNDS_MAX = 20;

const REFUSED: Decision = {
  type: 'reject',
  message: 'Tools that want approval are refused here. Go on without them.',
};

export const askAiEmployeeAction = createAction({
  name: 'ask_ai_employee',
  auth: nocobaseAuth,
  displayName: 'Ask AI Employee',
  description:
    'Sends a message to an AI employee of NocoBase and waits for the answer. A tool call that wants approval pauses the run until a person has decided',
  audience: 'both',
  aiMetadata: {
    description:
      'Asks an AI employee of NocoBase and returns its answer, the conversation id and the tool calls it made. Repeating the step within a run, or with the same idempotency key, returns the same answer and asks nothing twice.',
    idempotent: true,
  },
  props: {
    employee: employeeProp,
    message: Property.LongText({
      displayName: 'Message',
      description: 'What the employee is asked.',
      required: true,
    }),
    conversationId: Property.ShortText({
      displayName: 'Conversation ID',
      description: 'Goes on with a conversation of the same account. Empty: a new one.',
      required: false,
    }),
    model: modelProp,
    onApproval: Property.StaticDropdown<string, false>({
      displayName: 'When a Tool Wants Approval',
      description: 'What happens when the employee wants to call a tool that a person must approve.',
      required: false,
      defaultValue: 'pause',
      options: {
        options: [
          { label: 'Pause the run until a person decides', value: 'pause' },
          { label: 'Refuse the call', value: 'reject' },
          { label: 'Approve the call without asking', value: 'approve' },
        ],
      },
    }),
    notifyUsers: Property.Array({
      displayName: 'Ask These Users',
      description:
        'Ids or names of users who get the approval links as in-app messages. Needs @bizstack/plugin-crm. Either users or roles.',
      required: false,
    }),
    notifyRoles: Property.Array({
      displayName: 'Ask These Roles',
      description: 'Names of roles whose users get the approval links.',
      required: false,
    }),
    timeoutSeconds: Property.Number({
      displayName: 'Time-out (seconds)',
      description: '5 to 570. The employee is stopped when it has not answered by then.',
      required: false,
      defaultValue: 240,
    }),
    idempotencyKey: Property.ShortText({
      displayName: 'Idempotency Key',
      description:
        'The same key and message are asked only once, for example the id of an event. Empty: once in a run and step.',
      required: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'status', label: 'Status', description: 'answered, or approval_required while the run waits' },
      { key: 'text', label: 'Text' },
      { key: 'conversationId', label: 'Conversation ID' },
      { key: 'messageId', label: 'Message ID' },
      {
        key: 'toolCalls',
        label: 'Tool calls',
        listItems: [
          { key: 'id', label: 'ID' },
          { key: 'name', label: 'Name' },
          { key: 'args', label: 'Arguments' },
          { key: 'status', label: 'Status' },
          { key: 'result', label: 'Result' },
        ],
      },
      { key: 'approveUrl', label: 'Approve link', description: 'Only while the run waits' },
      { key: 'rejectUrl', label: 'Reject link', description: 'Only while the run waits' },
    ],
  },
  async run(context) {
    const { auth, propsValue, store, run } = context;
    const client = clientOf(auth);
    const question = await readQuestion({
      client,
      store,
      props: propsValue,
      place: `${run.id}/${context.step.name}`,
    });
    let progress: Progress;
    if (context.executionType === ExecutionType.RESUME) {
      const { queryParams, body } = context.resumePayload;
      progress = await goOn(question, queryParams, body);
    } else {
      progress = await ask(question);
    }
    const settled = await decideAlone(question, progress, propsValue.onApproval ?? 'pause');
    if (settled.kind === 'answered') {
      return {
        status: 'answered',
        text: textOf(settled.answer),
        conversationId: question.sessionId,
        messageId: settled.answer.key,
        toolCalls: settled.toolCalls.map(shown),
      };
    }
    const { message, pending } = settled;
    const waitpoint = await run.createWaitpoint({ type: 'WEBHOOK' });
    const linkTo = (decision: string) =>
      waitpoint.buildResumeUrl({ queryParams: { decision, message: message.key } });
    const approveUrl = linkTo('approve');
    const rejectUrl = linkTo('reject');
    const { notifyUsers: users, notifyRoles: roles, employee } = propsValue;
    if ((users?.length ?? 0) + (roles?.length ?? 0) > 0) {
      await askPeople({ client, roles, users, employee, message, pending, approveUrl, rejectUrl });
    }
    run.waitForWaitpoint(waitpoint.id);
    return {
      status: 'approval_required',
      text: textOf(message),
      conversationId: question.sessionId,
      messageId: message.key,
      toolCalls: pending.map(shown),
      approveUrl,
      rejectUrl,
    };
  },
});

interface Asked {
  employee: string;
  message: string;
  conversationId?: string | undefined;
  model?: string | undefined;
  timeoutSeconds?: number | undefined;
  idempotencyKey?: string | undefined;
}

interface QuestionInput {
  client: NocoBaseClient;
  store: Pick<Store, 'get' | 'put'>;
  props: Asked;
  /** Run and step, which stand for the key when there is none. */
  place: string;
}

const beforeSchema = z.object({ after: z.string().nullable() });

async function readQuestion({ client, store, props, place }: QuestionInput): Promise<Question> {
  const employee = parseInput('AI Employee', props.employee, z.string().trim().min(1).max(64));
  const text = parseInput('Message', props.message, z.string().min(1).max(200_000));
  if (text.trim() === '') throw new BizError('BIZ_INPUT_INVALID', '"Message" is empty.');
  const seconds = parseInput('Time-out', props.timeoutSeconds ?? 240, z.number().min(5).max(570));
  const common = {
    client,
    employee,
    text,
    model: readModel(props.model),
    deadline: Date.now() + seconds * 1000,
  };
  const key = fingerprint([props.idempotencyKey || place, employee, props.conversationId ?? '', text]);
  if (!props.conversationId) {
    const { sessionId } = await ensureConversation(client, employee, `bizstack:${key}`);
    return { ...common, sessionId, after: undefined };
  }
  const { sessionId } = await findConversation(client, props.conversationId.trim());
  return { ...common, sessionId, after: await messageBefore(client, sessionId, store, `ai:${key}`) };
}

/** The message that the question follows, remembered from before it was first sent. */
async function messageBefore(
  client: NocoBaseClient,
  sessionId: string,
  store: Pick<Store, 'get' | 'put'>,
  storeKey: string,
): Promise<string | undefined> {
  const known = beforeSchema.safeParse(await store.get(storeKey));
  if (known.success) return known.data.after ?? undefined;
  const after = (await readMessages(client, sessionId)).at(-1)?.key;
  await store.put(storeKey, { after: after ?? null });
  return after;
}

function fingerprint(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

/** After a person followed a link: carries out the decision, unless that was done already. */
async function goOn(question: Question, queryParams: unknown, body: unknown): Promise<Progress> {
  const given = readDecision(queryParams, body);
  const progress = (await progressOf(question)) ?? (await ask(question));
  if (!given || progress.kind !== 'approval') return progress;
  // A link of an earlier call decides nothing about a later one.
  if (given.messageKey !== undefined && given.messageKey !== progress.message.key) return progress;
  const browser = await browserTools(question.client);
  return decide(question, progress, deciding(given.decision, browser));
}

/** Decides what needs no person: calls for a browser, calls that were decided before, and all of them by choice. */
async function decideAlone(question: Question, start: Progress, mode: string): Promise<Progress> {
  let progress = start;
  for (let round = 0; progress.kind === 'approval'; round += 1) {
    const browser = await browserTools(question.client);
    const forPerson = progress.pending.some(
      ({ name, invokeStatus }) => invokeStatus === 'interrupted' && !browser.has(name),
    );
    if (forPerson && mode === 'pause') return progress;
    if (round === ROUNDS_MAX) {
      throw new BizError(
        'BIZ_NOCOBASE_AI_FAILED',
        `The AI employee asked for tools ${ROUNDS_MAX} times in a row.`,
      );
    }
    const decision: Decision = mode === 'approve' ? { type: 'approve' } : REFUSED;
    progress = await decide(question, progress, deciding(decision, browser));
  }
  return progress;
}

function shown({ id, name, args, status, invokeStatus, content }: ToolCall) {
  return { id, name, args: args ?? {}, status: status ?? invokeStatus ?? null, result: content ?? null };
}
