import { ValueProblem } from './problem';

const DATE = /^(\d{4})-(\d{2})-(\d{2})/;
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?$/i;

/**
 * A day as `YYYY-MM-DD`; of a moment, the day written in it.
 * @throws ValueProblem
 */
export function toDate(value: unknown, first: string, last: string): string {
  const text = textOf(value);
  if (!DATE.test(text) || (text.length > 10 && !DATE_TIME.test(text))) {
    throw new ValueProblem('is not a date such as 2026-01-31');
  }
  const day = text.slice(0, 10);
  checkDay(day);
  if (day < first || day > last) throw new ValueProblem(`is not between ${first} and ${last}`);
  return day;
}

/**
 * A moment as text that ClickHouse reads with `date_time_input_format = best_effort`. Without a zone it is in
 * that of the column. Numbers are Unix time, in seconds, or in milliseconds from 100,000,000,000 on.
 * @throws ValueProblem
 */
export function toDateTime(value: unknown, firstYear: number, lastYear: number): string {
  const text = typeof value === 'number' ? fromUnixTime(value) : textOf(value);
  const complete = text.length === 10 ? `${text} 00:00:00` : text;
  const match = DATE_TIME.exec(complete);
  const [, day = '', hour, minute, second = '0'] = match ?? [];
  if (!match || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    throw new ValueProblem('is not a time such as 2026-01-31 12:00:00 or 2026-01-31T12:00:00.000Z');
  }
  checkDay(day);
  const year = Number(day.slice(0, 4));
  if (year < firstYear || year > lastYear) {
    throw new ValueProblem(`is not between the years ${firstYear} and ${lastYear}`);
  }
  return complete;
}

function textOf(value: unknown): string {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  return typeof value === 'string' ? value.trim() : '';
}

function fromUnixTime(value: number): string {
  const moment = new Date(Math.abs(value) < 1e11 ? value * 1000 : value);
  return Number.isNaN(moment.getTime()) ? '' : moment.toISOString();
}

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** ClickHouse takes 31 February for a day in March. By arithmetic, because there may be a million rows. */
function checkDay(text: string): void {
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 && !isLeap ? 28 : (DAYS[month - 1] ?? 0);
  if (day < 1 || day > last) throw new ValueProblem('is not a day of the calendar');
}
