import { Property } from '@activepieces/pieces-framework';
import type { AgentDefinition } from '@bizstack/agents/agents';
import type { AgentStore } from '@bizstack/agents/memory';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import type { Connection } from './connection';
import { contentMember } from './members/content';
import { financeMember } from './members/finance';
import { operationsMember } from './members/operations';
import { salesMember } from './members/sales';

const MEMBERS = ['sales', 'content', 'finance', 'operations'] as const;
type MemberName = (typeof MEMBERS)[number];

export const memberProps = {
  members: Property.StaticMultiSelectDropdown({
    displayName: 'Members',
    description: 'Who is in the team. A supervisor leads it.',
    required: true,
    options: {
      options: [
        { label: 'Sales', value: 'sales' },
        { label: 'Content', value: 'content' },
        { label: 'Finance', value: 'finance' },
        { label: 'Operations', value: 'operations' },
      ],
    },
  }),
  sales: Property.Json({
    displayName: 'Data for Sales',
    description: 'As in Run Sales Agent: {"collection", "passages", "contact", "busyTimes", "organizer"}.',
    required: false,
  }),
  content: Property.Json({
    displayName: 'Data for Content',
    description:
      'As in Run Content Agent: {"variants", "keywords", "brandVoice", "published", "performance", "questions"}.',
    required: false,
  }),
  finance: Property.Json({
    displayName: 'Data for Finance',
    description: 'As in Run Finance Agent: {"invoices", "reports", "flags", "refundPolicy"}.',
    required: false,
  }),
  operations: Property.Json({
    displayName: 'Data for Operations',
    description:
      'As in Run Operations Agent: {"health", "lag", "queues", "series", "history", "runbooks"}. Health is needed.',
    required: false,
  }),
};

export interface MemberValues {
  members?: unknown;
  sales?: unknown;
  content?: unknown;
  finance?: unknown;
  operations?: unknown;
  contactId?: string | undefined;
  writeUrl?: string | undefined;
}

export interface ChosenMember {
  name: MemberName;
  /** What it is good for; the supervisor reads this. */
  description: string;
  build: (parts: { store: AgentStore }) => Promise<AgentDefinition<unknown, unknown>>;
}

const DESCRIPTIONS: Readonly<Record<MemberName, string>> = {
  sales:
    'Answers questions about the company and its offers with citations, qualifies leads, proposes meetings, updates the CRM.',
  content: 'Writes texts in the voice of the brand, with SEO scores, suggests topics, saves drafts.',
  finance:
    'Answers about invoices, payments, reports and unusual transactions with exact figures; refunds by policy.',
  operations: 'Judges the health of services, lag and queues, forecasts bottlenecks, asks for repairs.',
};

const given = z.unknown();
const namesSchema = z.array(z.enum(MEMBERS)).min(1);
const schemas = {
  sales: z.strictObject({
    collection: z.string().optional(),
    passages: given,
    contact: given,
    busyTimes: given,
    organizer: given,
  }),
  content: z.strictObject({
    variants: given,
    keywords: given,
    brandVoice: given,
    published: given,
    performance: given,
    questions: given,
  }),
  finance: z.strictObject({ invoices: given, reports: given, flags: given, refundPolicy: given }),
  operations: z.strictObject({
    health: given,
    lag: given,
    queues: given,
    series: given,
    history: given,
    runbooks: given,
  }),
};

/** The members that were chosen, in one order whatever the order of choice. @throws BizError `BIZ_INPUT_INVALID` */
export async function readMembers(values: MemberValues, connection: Connection): Promise<ChosenMember[]> {
  const names = new Set(parseInput('Members', values.members, namesSchema));
  const chosen: ChosenMember[] = [];
  for (const name of MEMBERS) {
    if (!names.has(name)) continue;
    chosen.push({ name, description: DESCRIPTIONS[name], build: await builderOf(name, values, connection) });
  }
  return chosen;
}

async function builderOf(
  name: MemberName,
  { contactId, writeUrl, ...values }: MemberValues,
  connection: Connection,
): Promise<ChosenMember['build']> {
  const read = <T>(prop: string, value: unknown, schema: z.ZodType<T>): T =>
    parseInput(prop, parseJsonProp(prop, value ?? {}, jsonObjectSchema.nullish()) ?? {}, schema);
  switch (name) {
    case 'sales': {
      const data = read('Data for Sales', values.sales, schemas.sales);
      return salesMember({ ...data, contactId, writeUrl }, connection);
    }
    case 'content':
      return contentMember({ ...read('Data for Content', values.content, schemas.content), writeUrl });
    case 'finance':
      return financeMember({ ...read('Data for Finance', values.finance, schemas.finance), writeUrl });
    case 'operations': {
      const data = read('Data for Operations', values.operations, schemas.operations);
      return operationsMember({ ...data, writeUrl });
    }
  }
}
