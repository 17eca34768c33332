import { createReadStream } from 'node:fs';
import { BizError } from '@bizstack/contracts';
import { parse } from 'csv-parse';
import { z } from 'zod';
import type { NewLead } from './lead';

/** A cell that says nothing: empty, or a list that was left at its first entry. */
const cell = z
  .string()
  .trim()
  .transform((text) => (text === '' || text === 'Select' ? undefined : text));
const count = cell.transform((text, context) => {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  context.addIssue(`must be a number, not "${text.slice(0, 50)}"`);
  return z.NEVER;
});
const flag = cell.transform((text) => text === 'Yes');

/**
 * The columns of the file that were known when the lead came in. What sales filled in later (the outcome
 * itself, tags, lead quality and profile, the Asymmetrique scores, the last notable activity) is not read:
 * a score that used it would know the answer.
 */
const rowSchema = z.object({
  'Prospect ID': z.uuid(),
  'Lead Origin': cell,
  'Lead Source': cell,
  'Do Not Email': flag,
  'Do Not Call': flag,
  TotalVisits: count,
  'Total Time Spent on Website': count,
  'Page Views Per Visit': count,
  'Last Activity': cell,
  Country: cell,
  Specialization: cell,
  'What is your current occupation': cell,
  'What matters most to you in choosing a course': cell,
  City: cell,
  'A free copy of Mastering The Interview': flag,
});

/**
 * Maps one row to a lead. The file has no names or addresses, so the address is made from the prospect's id.
 * @throws BizError `BIZ_LEADS_ROW` naming the row and the cells that are wrong.
 */
export function courseLead(row: unknown, rowNumber: number): NewLead {
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) {
    throw new BizError('BIZ_LEADS_ROW', `Row ${rowNumber}: ${z.prettifyError(parsed.error)}`, {
      hint: 'Correct the row or take it out.',
      cause: parsed.error,
    });
  }
  const {
    'Prospect ID': id,
    'Lead Source': source,
    Country: country,
    City: city,
    Specialization: specialization,
    'What matters most to you in choosing a course': motive,
    ...facts
  } = parsed.data;
  return {
    externalId: id,
    email: `${id}@example.com`,
    ...(country === undefined ? {} : { country }),
    ...(city === undefined ? {} : { city }),
    source: source ?? 'Unknown',
    ...(specialization === undefined ? {} : { message: `Interested in ${specialization}.` }),
    attributes: Object.fromEntries(
      Object.entries({ ...facts, 'What matters most': motive }).map(([key, value]) => [key, value ?? null]),
    ),
  };
}

/** Streams the file; a wrong row ends the stream with its error. */
export async function* readCourseLeads(file: string): AsyncGenerator<NewLead> {
  const rows = createReadStream(file).pipe(
    parse({ columns: true, bom: true, trim: true, relax_column_count: true }),
  );
  let rowNumber = 1;
  for await (const row of rows) yield courseLead(row, ++rowNumber);
}
