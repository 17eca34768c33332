import { Property } from '@activepieces/pieces-framework';
import { parseInput, parseJsonProp } from '@bizstack/piece-common';
import type { AgentUser, ApprovalPolicy } from '@bizstack/agents/tools';
import type { AgentInputGiven } from '@bizstack/agents/agents';
import { z } from 'zod';
import { httpUrl } from './http';
import { usageField } from './output-fields';

/** What every agent's step has. */
export const agentProps = {
  task: Property.LongText({
    displayName: 'Task',
    description: 'What to do, in your own words. Never put text from outside in here.',
    required: true,
  }),
  message: Property.LongText({
    displayName: 'Message',
    description: 'Text from outside that the task is about. It is quoted: it cannot give orders.',
    required: false,
  }),
  data: Property.Json({
    displayName: 'More Texts',
    description: 'More texts from outside: [{"source": "e-mail of 3 May", "text": "…"}].',
    required: false,
  }),
  contactId: Property.ShortText({
    displayName: 'Contact ID',
    description: 'Whose conversation this is: it is remembered in PostgreSQL until Forget Contact.',
    required: false,
  }),
  userId: Property.ShortText({
    displayName: 'User',
    description: 'Whom the agent works for; stands in the audit. Empty: flow.',
    required: false,
  }),
  permissions: Property.Array({
    displayName: 'Permissions',
    description: 'What that user may do, for example crm:write. Empty: everything that this step offers.',
    required: false,
  }),
  writes: Property.StaticDropdown({
    displayName: 'Writing Calls',
    description: 'What happens when the agent wants to change something. What cannot be undone always waits.',
    required: false,
    defaultValue: 'ask',
    options: {
      options: [
        { label: 'Wait until a person approves', value: 'ask' },
        { label: 'Refuse', value: 'refuse' },
        { label: 'Carry out without asking', value: 'auto' },
      ],
    },
  }),
  notifyUrl: Property.ShortText({
    displayName: 'Tell This URL',
    description:
      'Gets the link to the approval page by POST, for example the webhook of a flow that sends mail.',
    required: false,
  }),
  maxSteps: Property.Number({
    displayName: 'Most Steps',
    description: 'Answers of the language model, 1 to 100.',
    required: false,
    defaultValue: 20,
  }),
  maxTokens: Property.Number({
    displayName: 'Most Tokens',
    description: 'The run ends with an error when it has used more. Empty: no limit.',
    required: false,
  }),
};

export const writeUrlProp = Property.ShortText({
  displayName: 'Write URL',
  description:
    'Carries out what was approved: gets {"action", "input", "user", "idempotencyKey"} by POST, for example the sync webhook of a flow. Empty: the agent can change nothing.',
  required: false,
});

/** Output of every agent's step. */
export const agentOutputFields = [
  { key: 'status', label: 'Status', description: 'completed, or approval_required while the run waits' },
  { key: 'runId', label: 'Run ID' },
  { key: 'result', label: 'Result' },
  {
    key: 'calls',
    label: 'Tool calls',
    listItems: [
      { key: 'tool', label: 'Tool' },
      { key: 'label', label: 'Label' },
      { key: 'phase', label: 'Phase', description: 'asked, approved, rejected, refused, done or failed' },
      { key: 'input', label: 'Input' },
    ],
  },
  { key: 'approvalPage', label: 'Approval page', description: 'Only while the run waits' },
  { key: 'pending', label: 'Pending calls', description: 'Only while the run waits' },
  usageField,
];

export interface AgentPropValues {
  task: string;
  message?: string | undefined;
  data?: unknown;
  contactId?: string | undefined;
  userId?: string | undefined;
  permissions?: unknown;
  writes?: string | undefined;
  notifyUrl?: string | undefined;
  maxSteps?: number | undefined;
  maxTokens?: number | undefined;
}

export interface AgentSettings {
  input: AgentInputGiven;
  contactId: string | undefined;
  user: AgentUser;
  policy: ApprovalPolicy;
  notifyUrl: string | undefined;
  limits: { maxSteps: number; maxTokens?: number };
}

const dataSchema = z
  .array(z.strictObject({ source: z.string().min(1).max(200), text: z.string().max(500_000) }))
  .max(99)
  .nullish()
  .transform((list) => list ?? []);
const policySchema = z.enum(['ask', 'refuse', 'auto']);

/** @throws BizError `BIZ_INPUT_INVALID` */
export function readAgentProps(props: AgentPropValues): AgentSettings {
  const write = parseInput('Writing Calls', props.writes ?? 'ask', policySchema);
  const message = props.message?.trim() ? [{ source: 'message', text: props.message }] : [];
  const permissions = parseInput('Permissions', props.permissions ?? [], z.array(z.string().trim().min(1)));
  const notifyUrl = props.notifyUrl?.trim() || undefined;
  if (notifyUrl !== undefined) httpUrl('Tell This URL', notifyUrl);
  const maxTokens = parseInput(
    'Most Tokens',
    props.maxTokens ?? undefined,
    z.number().int().min(1).optional(),
  );
  return {
    input: {
      task: props.task,
      data: [...parseJsonProp('More Texts', props.data ?? [], dataSchema), ...message],
    },
    contactId: props.contactId?.trim() || undefined,
    user: { id: props.userId?.trim() || 'flow', permissions: permissions.length > 0 ? permissions : ['*'] },
    policy: { write, destructive: write === 'auto' ? 'ask' : write },
    notifyUrl,
    limits: {
      maxSteps: parseInput('Most Steps', props.maxSteps ?? 20, z.number().int().min(1).max(100)),
      ...(maxTokens === undefined ? {} : { maxTokens }),
    },
  };
}
