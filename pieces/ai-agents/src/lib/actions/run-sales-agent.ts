import { createAction, Property } from '@activepieces/pieces-framework';
import type { Calendar, Crm, SalesSettings } from '@bizstack/agents/agents';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { searchableKnowledge, searchedCollectionProp } from '../knowledge';
import { passagesProp, readPassages } from '../passages';
import { runAgentStep } from '../run-agent';
import { createdSchema, type Writer, writerTo } from '../writer';

const busySchema = z
  .array(z.object({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) }))
  .max(10_000)
  .nullish();
const organizerSchema = z.strictObject({ name: z.string().min(1).max(200), email: z.email() });

export const runSalesAgentAction = createAction({
  name: 'run_sales_agent',
  auth: aiAgentsAuth,
  displayName: 'Run Sales Agent',
  description:
    'Answers a lead from the knowledge base with citations, qualifies, proposes meetings; changes wait for approval',
  audience: 'both',
  aiMetadata: {
    description:
      'Answer a message of a lead from a knowledge base or given passages with citations (or say that it is not known), collect budget, authority, need and timeline, propose meetings, ask to update the CRM. Writes wait for a person. Repeating the step in a run continues it.',
    idempotent: true,
  },
  props: {
    ...agentProps,
    collection: searchedCollectionProp,
    passages: passagesProp,
    contact: Property.Json({
      displayName: 'Contact',
      description: 'What the CRM knows about the contact, as an object. Needs Contact ID.',
      required: false,
    }),
    busyTimes: Property.Json({
      displayName: 'Busy Times',
      description: 'Times that are taken: [{"start", "end"}] in ISO 8601. Empty: no meetings are proposed.',
      required: false,
    }),
    organizer: Property.Json({
      displayName: 'Organizer',
      description: 'Who invites to meetings: {"name", "email"}.',
      required: false,
    }),
    writeUrl: writeUrlProp,
  },
  outputSchema: { fields: agentOutputFields },
  async run(context) {
    const { propsValue } = context;
    const writer = writerTo(propsValue.writeUrl);
    const contact = parseJsonProp('Contact', propsValue.contact ?? {}, jsonObjectSchema.nullish()) ?? {};
    const busy = parseJsonProp('Busy Times', propsValue.busyTimes ?? null, busySchema);
    const organizer = readOrganizer(propsValue.organizer);
    const settings: SalesSettings = organizer === undefined ? {} : { organizer };
    const knowledge = await searchableKnowledge(
      readConnection(context.auth),
      propsValue.collection,
      readPassages(propsValue.passages),
    );
    return runAgentStep({
      context,
      props: propsValue,
      build: async ({ store }) => {
        const { salesAgent } = await import('@bizstack/agents/agents');
        return salesAgent({
          store,
          settings,
          ports: {
            knowledge,
            ...(writer && propsValue.contactId?.trim() ? { crm: crmOf(contact, writer) } : {}),
            ...(writer && busy ? { calendar: calendarOf(busy, writer) } : {}),
          },
        });
      },
    });
  },
});

function readOrganizer(input: unknown): z.output<typeof organizerSchema> | undefined {
  const given = parseJsonProp('Organizer', input ?? {}, jsonObjectSchema.nullish()) ?? {};
  return Object.keys(given).length === 0 ? undefined : parseInput('Organizer', given, organizerSchema);
}

function crmOf(contact: Record<string, unknown>, write: Writer): Crm {
  return {
    getContact: async () => (Object.keys(contact).length === 0 ? undefined : contact),
    updateContact: async (contactId, fields, options) => {
      await write('update_contact', { contactId, fields }, z.unknown(), options);
    },
  };
}

function calendarOf(busy: NonNullable<z.output<typeof busySchema>>, write: Writer): Calendar {
  return {
    freeBusy: async ({ start, end }) =>
      busy.filter(
        (one) => Date.parse(one.start) < Date.parse(end) && Date.parse(one.end) > Date.parse(start),
      ),
    book: (meeting, options) =>
      write('book_meeting', meeting, createdSchema(options.idempotencyKey), options),
  };
}
