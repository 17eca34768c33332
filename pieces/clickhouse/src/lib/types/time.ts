import { ValueProblem } from './problem';

const DATE = /^\d{4}-\d{2}-\d{2}/;
const DATE_TIME =
  /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?$/i;

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
  const isTime =
    DATE_TIME.test(complete) &&
    twoDigits(complete, 11) <= 23 &&
    twoDigits(complete, 14) <= 59 &&
    (complete[16] !== ':' || twoDigits(complete, 17) <= 59);
  if (!isTime) {
    throw new ValueProblem('is not a time such as 2026-01-31 12:00:00 or 2026-01-31T12:00:00.000Z');
  }
  checkDay(complete);
  const year = yearOf(complete);
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

const ZERO = '0'.charCodeAt(0);

/** The number of two digits that are known to be there, without a text of its own. */
function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}

function yearOf(text: string): number {
  return twoDigits(text, 0) * 100 + twoDigits(text, 2);
}

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** ClickHouse takes 31 February for a day in March. By arithmetic, because there may be a million rows. */
function checkDay(text: string): void {
  const year = yearOf(text);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 && !isLeap ? 28 : (DAYS[month - 1] ?? 0);
  if (day < 1 || day > last) throw new ValueProblem('is not a day of the calendar');
}
