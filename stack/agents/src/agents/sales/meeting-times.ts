import type { BusyTime } from './ports';

export interface WorkingHours {
  /** IANA name, for example `Europe/Berlin`. */
  timeZone: string;
  /** Full hours of the day, `from` included, `to` excluded. */
  from: number;
  to: number;
  /** 1 = Monday … 7 = Sunday. */
  days: readonly number[];
}

export const DEFAULT_HOURS: WorkingHours = { timeZone: 'UTC', from: 9, to: 17, days: [1, 2, 3, 4, 5] };

export interface FreeTimesOptions {
  from: Date;
  to: Date;
  minutes: number;
  busy: readonly BusyTime[];
  hours: WorkingHours;
  /** At most this many, spread over the days. */
  limit: number;
}

const STEP_MS = 30 * 60_000;
const PER_DAY = 2;

/** Free times within working hours, at full and half hours, at most two a day. */
export function freeTimes({ from, to, minutes, busy, hours, limit }: FreeTimesOptions): BusyTime[] {
  const taken = busy.map(({ start, end }) => [Date.parse(start), Date.parse(end)] as const);
  const perDay = new Map<string, number>();
  const found: BusyTime[] = [];
  const length = minutes * 60_000;
  const clock = clockOf(hours.timeZone);
  for (let at = Math.ceil(from.getTime() / STEP_MS) * STEP_MS; at + length <= to.getTime(); at += STEP_MS) {
    if (found.length >= limit) break;
    if (!isWorkingTime(clock(at), clock(at + length), hours)) continue;
    if (taken.some(([start, end]) => start < at + length && end > at)) continue;
    const day = clock(at).date;
    const used = perDay.get(day) ?? 0;
    if (used >= PER_DAY) continue;
    const last = found.at(-1);
    if (last !== undefined && Date.parse(last.end) > at) continue;
    perDay.set(day, used + 1);
    found.push({ start: new Date(at).toISOString(), end: new Date(at + length).toISOString() });
  }
  return found;
}

interface LocalTime {
  date: string;
  /** 1–7 */
  weekday: number;
  /** Of the day. */
  minute: number;
}

function isWorkingTime(start: LocalTime, end: LocalTime, { from, to, days }: WorkingHours): boolean {
  return (
    start.date === end.date &&
    days.includes(start.weekday) &&
    start.minute >= from * 60 &&
    end.minute <= to * 60
  );
}

/** Tells what the clocks of a zone show at a moment. */
function clockOf(timeZone: string): (at: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const date = `${parts.year}-${parts.month}-${parts.day}`;
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
    return { date, weekday, minute: Number(parts.hour) * 60 + Number(parts.minute) };
  };
}
