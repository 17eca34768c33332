import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { defineTool, type Tool, type ToolContext } from '../../tools/define-tool';
import { passageSchema } from './output';
import { meetingInvite } from './invite';
import { DEFAULT_HOURS, freeTimes, type WorkingHours } from './meeting-times';
import type { Calendar, Crm, SalesPorts } from './ports';

export interface SalesSettings {
  organizer?: { name: string; email: string };
  hours?: WorkingHours;
  /** Fields of a contact that the agent may ask to change. */
  contactFields?: readonly string[];
  now?: () => Date;
}

const SLOT = 'slot';
const slotSchema = z.object({ start: z.string(), end: z.string() });
const DEFAULT_FIELDS = ['name', 'email', 'phone', 'company', 'jobTitle', 'country', 'city'] as const;
const DAY_MS = 86_400_000;

export function salesTools(ports: SalesPorts, settings: SalesSettings): Tool[] {
  return [
    searchTool(ports),
    ...(ports.crm ? contactTools(ports.crm, settings) : []),
    ...(ports.calendar ? meetingTools(ports.calendar, settings) : []),
  ];
}

function searchTool({ knowledge }: SalesPorts): Tool {
  return defineTool({
    name: 'search_knowledge',
    description: 'Searches the knowledge base. Returns passages with ids; cite them.',
    label: 'read',
    input: z.strictObject({ query: z.string().trim().min(1).max(500) }),
    run: async ({ query }, { user, signal, note }) => {
      const passages = await knowledge.search(query, { user, limit: 6, signal });
      for (const passage of passages) note('passage', passageSchema.parse(passage));
      return passages.map(({ id, text, source, title }) => ({ id, source, title, text }));
    },
  });
}

function contactTools(crm: Crm, { contactFields = DEFAULT_FIELDS }: SalesSettings): Tool[] {
  return [
    defineTool({
      name: 'get_contact',
      description: 'What the CRM knows about the contact of this conversation.',
      label: 'read',
      permission: 'crm:read',
      input: z.strictObject({}),
      run: async (_input, context) =>
        (await crm.getContact(contactOf(context), context)) ?? 'The CRM does not know this contact.',
    }),
    defineTool({
      name: 'update_contact',
      description: `Asks to change the contact of this conversation in the CRM. Fields: ${contactFields.join(', ')}.`,
      label: 'write',
      permission: 'crm:write',
      idempotent: true,
      input: z.strictObject({
        fields: z
          .record(z.string(), z.string().trim().max(500))
          .refine((fields) => Object.keys(fields).length > 0, 'Name at least one field.')
          .refine((fields) => Object.keys(fields).every((name) => contactFields.includes(name)), {
            message: `Only these fields can be changed: ${contactFields.join(', ')}.`,
          }),
      }),
      summary: ({ fields }) => `Change ${Object.keys(fields).join(', ')} of the contact`,
      run: async ({ fields }, context) => {
        await crm.updateContact(contactOf(context), fields, context);
        return 'changed';
      },
    }),
  ];
}

function meetingTools(calendar: Calendar, settings: SalesSettings): Tool[] {
  const { hours = DEFAULT_HOURS, organizer, now = () => new Date() } = settings;
  return [
    defineTool({
      name: 'propose_meeting_times',
      description: 'Free times for a meeting within the next days, by the calendar.',
      label: 'read',
      input: z.strictObject({
        minutes: z.int().min(15).max(180).default(30),
        withinDays: z.int().min(1).max(30).default(7),
      }),
      run: async ({ minutes, withinDays }, { user, signal, note }) => {
        const from = now();
        const to = new Date(from.getTime() + withinDays * DAY_MS);
        const busy = await calendar.freeBusy(
          { start: from.toISOString(), end: to.toISOString() },
          { user, signal },
        );
        const slots = freeTimes({ from, to, minutes, busy, hours, limit: 6 });
        for (const slot of slots) note(SLOT, slot);
        return { timeZone: hours.timeZone, slots };
      },
    }),
    defineTool({
      name: 'book_meeting',
      description: 'Books one of the proposed times and makes the invitation.',
      label: 'write',
      permission: 'calendar:write',
      idempotent: true,
      input: z.strictObject({
        start: z.iso.datetime({ offset: true }),
        title: z.string().trim().min(1).max(200),
        attendeeEmail: z.email(),
      }),
      summary: ({ start, attendeeEmail }) => `Meeting with ${attendeeEmail} at ${start}`,
      run: async ({ start, title, attendeeEmail }, { user, signal, notes, note, idempotencyKey }) => {
        const slot = notes(SLOT)
          .map((one) => slotSchema.parse(one))
          .find((one) => Date.parse(one.start) === Date.parse(start));
        if (!slot)
          throw new BizError('BIZ_AGENTS_SLOT_UNKNOWN', 'This time was not proposed. Propose times first.');
        // A person may have taken hours to approve it.
        const busy = await calendar.freeBusy(slot, { user, signal });
        if (
          busy.some(
            (one) =>
              Date.parse(one.start) < Date.parse(slot.end) && Date.parse(one.end) > Date.parse(slot.start),
          )
        ) {
          throw new BizError('BIZ_AGENTS_SLOT_TAKEN', 'This time is taken by now. Propose other times.');
        }
        const uid = `${idempotencyKey}@bizstack`;
        const invite = meetingInvite({
          uid,
          ...slot,
          title,
          attendeeEmail,
          organizer: organizer ?? { name: user.name ?? user.id, email: 'noreply@invalid' },
          createdAt: now(),
        });
        const { id } = await calendar.book(
          { uid, ...slot, title, attendeeEmail, invite },
          { user, signal, idempotencyKey },
        );
        note('meeting', { id, uid, ...slot, title, attendeeEmail, invite });
        return { booked: true, ...slot };
      },
    }),
  ];
}

function contactOf({ contactId }: ToolContext): string {
  if (contactId !== undefined) return contactId;
  throw new BizError('BIZ_AGENTS_NO_CONTACT', 'This run has no contact.');
}
