import { BizError } from '@bizstack/contracts';
import { createEvent } from 'ics';

export interface InviteOptions {
  uid: string;
  start: string;
  end: string;
  title: string;
  organizer: { name: string; email: string };
  attendeeEmail: string;
  createdAt: Date;
}

/**
 * An iCalendar invitation (RFC 5545), times in UTC.
 * @throws BizError `BIZ_AGENTS_INVITE_INVALID`
 */
export function meetingInvite(options: InviteOptions): string {
  const { error, value } = createEvent({
    uid: options.uid,
    productId: 'bizstack/agents',
    method: 'REQUEST',
    status: 'CONFIRMED',
    title: options.title,
    start: Date.parse(options.start),
    startInputType: 'utc',
    startOutputType: 'utc',
    end: Date.parse(options.end),
    endInputType: 'utc',
    endOutputType: 'utc',
    created: options.createdAt.getTime(),
    organizer: options.organizer,
    attendees: [
      { email: options.attendeeEmail, rsvp: true, role: 'REQ-PARTICIPANT', partstat: 'NEEDS-ACTION' },
    ],
  });
  if (typeof value === 'string' && !error) return value;
  throw new BizError(
    'BIZ_AGENTS_INVITE_INVALID',
    `The invitation could not be made: ${error?.message ?? ''}`,
    {
      cause: error,
    },
  );
}
