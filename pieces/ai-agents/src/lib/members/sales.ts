import type { Calendar, Crm, SalesSettings } from '@bizstack/agents/agents';
import type { AgentStore } from '@bizstack/agents/memory';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import type { Connection } from '../connection';
import { searchableKnowledge } from '../knowledge';
import { readPassages } from '../passages';
import { createdSchema, type Writer, writerTo } from '../writer';

const busySchema = z
  .array(z.object({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) }))
  .max(10_000)
  .nullish();
const organizerSchema = z.strictObject({ name: z.string().min(1).max(200), email: z.email() });

/** Props of the step, as the engine gives them. */
export interface SalesValues {
  collection?: string | undefined;
  passages?: unknown;
  contact?: unknown;
  busyTimes?: unknown;
  organizer?: unknown;
  contactId?: string | undefined;
  writeUrl?: string | undefined;
}

/** Reads the props at once; the agent is made with the store of the run. @throws BizError `BIZ_INPUT_INVALID` */
export async function salesMember(values: SalesValues, connection: Connection) {
  const writer = writerTo(values.writeUrl);
  const contact = parseJsonProp('Contact', values.contact ?? {}, jsonObjectSchema.nullish()) ?? {};
  const busy = parseJsonProp('Busy Times', values.busyTimes ?? null, busySchema);
  const organizer = readOrganizer(values.organizer);
  const settings: SalesSettings = organizer === undefined ? {} : { organizer };
  const passages = readPassages(values.passages);
  const knowledge = await searchableKnowledge(connection, values.collection, passages);
  return async ({ store }: { store: AgentStore }) => {
    const { salesAgent } = await import('@bizstack/agents/agents');
    return salesAgent({
      store,
      settings,
      ports: {
        knowledge,
        ...(writer && values.contactId?.trim() ? { crm: crmOf(contact, writer) } : {}),
        ...(writer && busy ? { calendar: calendarOf(busy, writer) } : {}),
      },
    });
  };
}

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
