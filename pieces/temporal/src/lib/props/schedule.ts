import { Property } from '@activepieces/pieces-framework';
import { BizError, parseInput, parseJsonProp } from '@bizstack/piece-common';
import type { CalendarSpec, ScheduleOptions, ScheduleOverlapPolicy, ScheduleSpec } from '@temporalio/client';
import { z } from 'zod';
import { temporalAuth } from '../auth';
import { scheduleOptions } from '../seen';
import { optionalDate, optionalDuration, optionalText, parseDuration } from '../values';

export const scheduleIdProp = Property.Dropdown<string, true, typeof temporalAuth>({
  auth: temporalAuth,
  displayName: 'Schedule ID',
  description: 'Which schedule.',
  required: true,
  refreshers: [],
  options: ({ auth }) => scheduleOptions(auth),
});

export const overlapProp = Property.StaticDropdown<OverlapName, false>({
  displayName: 'When the last one still runs',
  description:
    'What to do when a workflow is due while the one before has not ended. "Skip" for a new schedule.',
  required: false,
  options: {
    options: [
      { label: 'Skip', value: 'SKIP' },
      { label: 'Start one after it', value: 'BUFFER_ONE' },
      { label: 'Start all, one after the other', value: 'BUFFER_ALL' },
      { label: 'Cancel it, then start', value: 'CANCEL_OTHER' },
      { label: 'Terminate it, then start', value: 'TERMINATE_OTHER' },
      { label: 'Start all the same', value: 'ALLOW_ALL' },
    ],
  },
});

export type OverlapName = Exclude<ScheduleOverlapPolicy, undefined>;

export const noteProp = Property.ShortText({
  displayName: 'Note',
  description: 'Shown with the state of the schedule.',
  required: false,
});

/** When a schedule acts, and how. */
export const scheduleSpecProps = {
  cronExpressions: Property.Array({
    displayName: 'Cron expressions',
    description: 'Minute, hour, day, month, weekday, such as "0 9 * * MON-FRI"; also @daily or @every 1h.',
    required: false,
  }),
  intervals: Property.Array({
    displayName: 'Intervals',
    description: 'Again and again, counted from 1970.',
    required: false,
    properties: {
      every: Property.ShortText({ displayName: 'Every', description: 'Like 30m, 2h, 1d.', required: true }),
      offset: Property.ShortText({
        displayName: 'Offset',
        description: 'Moves all times by so much.',
        required: false,
      }),
    },
  }),
  calendars: Property.Json({
    displayName: 'Calendars',
    description:
      'A list like [{"hour": 9, "dayOfWeek": ["MONDAY", {"start": "WEDNESDAY", "end": "FRIDAY"}]}]. Fields: second, minute, hour, dayOfMonth, month, year, dayOfWeek, comment.',
    required: false,
  }),
  skip: Property.Json({
    displayName: 'Not at',
    description: 'Calendars, as above, at which nothing happens.',
    required: false,
  }),
  timezone: Property.ShortText({
    displayName: 'Time zone',
    description: 'Of cron expressions and calendars, such as Europe/Berlin. UTC if empty.',
    required: false,
  }),
  startAt: Property.DateTime({
    displayName: 'Not before',
    description: 'First possible time.',
    required: false,
  }),
  endAt: Property.DateTime({ displayName: 'Not after', description: 'Last possible time.', required: false }),
  jitter: Property.ShortText({
    displayName: 'Jitter',
    description: 'Each start is put off by a random time up to this, like 30s.',
    required: false,
  }),
  overlap: overlapProp,
  catchupWindow: Property.ShortText({
    displayName: 'Catch up for',
    description:
      'Starts missed while the server was down are made up for this long, like 10m. One year if empty.',
    required: false,
  }),
  pauseOnFailure: Property.Checkbox({
    displayName: 'Pause when a workflow failed',
    description: 'The schedule stops until it is unpaused.',
    required: false,
  }),
  remainingActions: Property.Number({
    displayName: 'Starts left',
    description: 'The schedule ends after so many starts. Without end if empty.',
    required: false,
  }),
  note: noteProp,
};

type Values = { readonly [K in keyof typeof scheduleSpecProps]?: unknown };

const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

function ranges<T extends z.ZodType>(unit: T) {
  const range = z.union([
    unit,
    z.object({ start: unit, end: unit, step: z.number().int().min(1) }),
    z.object({ start: unit, end: unit.optional() }),
  ]);
  return z.union([z.literal('*'), range, z.array(range)]).optional();
}

const number = (min: number, max: number) => z.number().int().min(min).max(max);

const calendarSchema: z.ZodType<CalendarSpec> = z.strictObject({
  second: ranges(number(0, 59)),
  minute: ranges(number(0, 59)),
  hour: ranges(number(0, 23)),
  dayOfMonth: ranges(number(1, 31)),
  month: ranges(z.enum(MONTHS)),
  year: ranges(number(1970, 9999)),
  dayOfWeek: ranges(z.enum(DAYS)),
  comment: z.string().optional(),
});

const calendarsSchema = z
  .union([z.array(calendarSchema), calendarSchema.transform((one) => [one])])
  .nullish()
  .transform((calendars) => calendars ?? []);

const intervalsSchema = z
  .array(z.object({ every: z.union([z.string(), z.number()]), offset: z.unknown() }))
  .nullish()
  .transform((intervals) => intervals ?? []);

const cronSchema = z
  .array(z.string())
  .nullish()
  .transform((expressions) => (expressions ?? []).map((one) => one.trim()).filter((one) => one !== ''));

/** Times of a schedule; undefined when none were given. @throws BizError */
export function parseSpec(values: Values): ScheduleSpec | undefined {
  const cronExpressions = parseInput('Cron expressions', values.cronExpressions, cronSchema);
  const intervals = parseInput('Intervals', values.intervals, intervalsSchema).map(({ every, offset }) => {
    const moved = optionalDuration('Offset', offset);
    return { every: parseDuration('Every', every), ...(moved === undefined ? {} : { offset: moved }) };
  });
  const calendars = parseJsonProp('Calendars', values.calendars, calendarsSchema);
  const skip = parseJsonProp('Not at', values.skip, calendarsSchema);
  const timezone = optionalText('Time zone', values.timezone);
  const startAt = optionalDate('Not before', values.startAt);
  const endAt = optionalDate('Not after', values.endAt);
  const jitter = optionalDuration('Jitter', values.jitter);
  const spec: ScheduleSpec = {
    ...(cronExpressions.length === 0 ? {} : { cronExpressions }),
    ...(intervals.length === 0 ? {} : { intervals }),
    ...(calendars.length === 0 ? {} : { calendars }),
    ...(skip.length === 0 ? {} : { skip }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(startAt === undefined ? {} : { startAt }),
    ...(endAt === undefined ? {} : { endAt }),
    ...(jitter === undefined ? {} : { jitter }),
  };
  return Object.keys(spec).length === 0 ? undefined : spec;
}

/** True when the times say when to act, not only how. */
export function hasTimes({ cronExpressions, intervals, calendars }: ScheduleSpec): boolean {
  return [cronExpressions, intervals, calendars].some((list) => (list?.length ?? 0) > 0);
}

const overlapSchema = z
  .enum(['SKIP', 'BUFFER_ONE', 'BUFFER_ALL', 'CANCEL_OTHER', 'TERMINATE_OTHER', 'ALLOW_ALL'])
  .nullish()
  .transform((overlap) => overlap ?? undefined);

/** @throws BizError `BIZ_INPUT_INVALID` */
export function parseOverlap(value: unknown): OverlapName | undefined {
  return parseInput('When the last one still runs', value, overlapSchema);
}

const optionalBoolean = z.boolean().nullish();

type Policies = NonNullable<ScheduleOptions['policies']>;

/** Only what was given. @throws BizError */
export function parsePolicies(values: Values): Policies {
  const overlap = parseOverlap(values.overlap);
  const catchupWindow = optionalDuration('Catch up for', values.catchupWindow);
  const pauseOnFailure = parseInput('Pause when a workflow failed', values.pauseOnFailure, optionalBoolean);
  return {
    ...(overlap === undefined ? {} : { overlap }),
    ...(catchupWindow === undefined ? {} : { catchupWindow }),
    ...(pauseOnFailure == null ? {} : { pauseOnFailure }),
  };
}

/** Only what was given. @throws BizError */
export function parseState(values: Values): { note?: string; remainingActions?: number } {
  const note = optionalText('Note', values.note);
  const remainingActions = parseInput('Starts left', values.remainingActions, remainingSchema);
  return {
    ...(note === undefined ? {} : { note }),
    ...(remainingActions === undefined ? {} : { remainingActions }),
  };
}

const remainingSchema = z.coerce
  .number()
  .int()
  .min(1)
  .nullish()
  .transform((left) => left ?? undefined);

/** @throws BizError `BIZ_TEMPORAL_SCHEDULE_TIMES` */
export function requireTimes(spec: ScheduleSpec | undefined): ScheduleSpec {
  if (spec !== undefined && hasTimes(spec)) return spec;
  throw new BizError('BIZ_TEMPORAL_SCHEDULE_TIMES', 'The schedule has no times at which to act.', {
    hint: 'Give a cron expression, an interval or a calendar.',
  });
}
