import type { AgentStore, Qualification } from '../../memory/store';
import { QUALIFICATION_FIELDS } from '../../memory/store';
import type { AgentDefinition, CheckContext, Checked } from '../definition';
import { PROMPTS } from '../prompts';
import { findQuote } from './find-quote';
import {
  meetingNoteSchema,
  passageSchema,
  salesOutputSchema,
  type Citation,
  type SalesOutput,
  type SalesResult,
} from './output';
import type { SalesPorts } from './ports';
import { salesTools, type SalesSettings } from './tools';

const UNKNOWN = {
  en: 'I do not know this for certain. A colleague will get back to you.',
  zh: '这个问题我无法确定，我们的同事会尽快与您联系。',
};

export interface SalesAgentOptions {
  ports: SalesPorts;
  /** Qualification of a contact is kept here. */
  store: AgentStore;
  settings?: SalesSettings;
}

/** Answers with citations or says that it does not know; qualifies; arranges meetings; updates the CRM. */
export function salesAgent({
  ports,
  store,
  settings = {},
}: SalesAgentOptions): AgentDefinition<SalesOutput, SalesResult> {
  return {
    name: 'sales',
    prompt: PROMPTS.sales,
    tools: salesTools(ports, settings),
    output: salesOutputSchema,
    check: async (output, context) => {
      const checked = checkSales(output, context);
      if (checked.ok && !checked.result.known) await ports.onUnanswered?.(questionOf(context));
      return checked;
    },
    said: ({ answer }) => answer,
    learn: async ({ qualification }, { runId, contactId }) => {
      if (contactId === undefined) return;
      const answers = Object.fromEntries(
        Object.entries(qualification).map(([field, answer]) => [field, { ...answer, runId }]),
      );
      await store.qualification.save(contactId, answers);
    },
  };
}

/** An answer that claims to know needs a passage for it; otherwise, the second time, it says that it does not. */
function checkSales(output: SalesOutput, context: CheckContext): Checked<SalesResult> {
  const passages = context.notes('passage').map((note) => passageSchema.parse(note));
  const citations: Citation[] = [];
  const wrong: string[] = [];
  for (const { passageId, quote } of output.citations) {
    const passage = passages.find((one) => one.id === passageId);
    const place = passage && findQuote(passage.text, quote);
    if (!passage || !place) {
      wrong.push(passage ? `The quote is not in passage ${passageId}.` : `There is no passage ${passageId}.`);
      continue;
    }
    const { source, title, offsets } = passage;
    citations.push({
      passageId,
      source,
      ...(title === undefined ? {} : { title }),
      quote: passage.text.slice(place.start, place.end),
      offsets: { start: offsets.start + place.start, end: offsets.start + place.end },
    });
  }
  const grounded = citations.length > 0 && wrong.length === 0;
  if (output.known && !grounded && !context.secondTry) {
    const problem = wrong.length > 0 ? wrong.join(' ') : 'It claims to know, but cites no passage.';
    return { ok: false, problem: `${problem} Cite what was found, word for word, or set known to false.` };
  }
  const known = output.known && citations.length > 0 && wrong.length === 0;
  const meeting = context.notes('meeting').at(-1);
  return {
    ok: true,
    result: {
      answer: output.known && !known ? UNKNOWN[isChinese(questionOf(context)) ? 'zh' : 'en'] : output.answer,
      known,
      citations: known ? citations : [],
      qualification: heardOf(output, context),
      nextStep: output.known && !known ? 'hand_over' : output.nextStep,
      meeting: meeting === undefined ? null : meetingNoteSchema.parse(meeting),
    },
  };
}

/** Only what the contact really said counts: the quote has to stand in a message of this run. */
function heardOf(output: SalesOutput, { input }: CheckContext): Qualification {
  const heard: Qualification = {};
  for (const field of QUALIFICATION_FIELDS) {
    const answer = output.qualification[field];
    if (answer && input.data.some(({ text }) => findQuote(text, answer.quote)))
      heard[field] = { ...answer, runId: '' };
  }
  return heard;
}

function questionOf({ input }: CheckContext): string {
  return input.data.at(-1)?.text ?? input.task;
}

function isChinese(text: string): boolean {
  return /\p{sc=Han}/u.test(text);
}
