import { z } from 'zod';
import { QUALIFICATION_FIELDS, type Qualification } from '../../memory/store';

const said = z.strictObject({ value: z.string().min(1).max(500), quote: z.string().min(1).max(1000) });

/** What the model hands in. */
export const salesOutputSchema = z.strictObject({
  answer: z.string().min(1).max(10_000).describe('For the contact, in their language.'),
  known: z.boolean().describe('False when no passage answers the question.'),
  citations: z
    .array(z.strictObject({ passageId: z.string().min(1), quote: z.string().min(1).max(2000) }))
    .max(20)
    .default([])
    .describe('Every passage the answer rests on, with a sentence copied from it.'),
  qualification: z
    .strictObject(Object.fromEntries(QUALIFICATION_FIELDS.map((field) => [field, said.optional()])))
    .default({})
    .describe("What the contact said about these, with the contact's own words."),
  nextStep: z.enum(['answer', 'ask', 'meeting', 'hand_over']).default('answer'),
});
export type SalesOutput = z.output<typeof salesOutputSchema>;

export const passageSchema = z.object({
  id: z.string(),
  text: z.string(),
  source: z.string(),
  title: z.string().optional(),
  offsets: z.object({ start: z.number(), end: z.number() }),
  score: z.number(),
});

export interface Citation {
  passageId: string;
  source: string;
  title?: string;
  quote: string;
  /** Characters of the source, end exclusive, where the quote stands. */
  offsets: { start: number; end: number };
}

export const meetingNoteSchema = z.object({
  id: z.string(),
  uid: z.string(),
  start: z.string(),
  end: z.string(),
  title: z.string(),
  attendeeEmail: z.string(),
  invite: z.string(),
});

export interface SalesResult {
  answer: string;
  known: boolean;
  citations: Citation[];
  /** Learnt in this run; all that is known is in the store. */
  qualification: Qualification;
  nextStep: SalesOutput['nextStep'];
  meeting: z.output<typeof meetingNoteSchema> | null;
}
