import type { Usage } from '@bizstack/agents/providers';
import { z } from 'zod';
import type { Connection } from './connection';
import { ask } from './model';

/** Characters that one request reads. */
export const PART_LENGTH = 24_000;

const summarySchema = z.strictObject({
  summary: z.string().trim().min(1).max(50_000),
  keyPoints: z.array(z.string().max(2_000)).max(30),
});

export interface SummaryRequest {
  text: string;
  words: number;
  language: string | undefined;
  instructions: string;
}

export interface Summary extends z.output<typeof summarySchema> {
  parts: number;
  usage: Usage;
}

/** Summarizes; a text that is too long for one request by the summaries of its parts, again until it fits. */
export async function summarize(connection: Connection, request: SummaryRequest): Promise<Summary> {
  const { addUsage, noUsage } = await import('@bizstack/agents/providers');
  let usage = noUsage();
  const shorten = async (text: string, what: string, words: number) => {
    const answer = await ask(connection, {
      task: [
        `Summarize ${what} in about ${words} words, and list the key points.`,
        'Keep names, figures and dates as they are. Invent nothing.',
        request.language === undefined
          ? 'Write in the language of the text.'
          : `Write in ${request.language}.`,
        request.instructions,
      ].join('\n'),
      data: [{ source: 'text', text }],
      schema: summarySchema,
    });
    usage = addUsage(usage, answer.usage);
    return answer.value;
  };
  let text = request.text;
  let what = 'the text';
  let count = 1;
  while (text.length > PART_LENGTH) {
    const parts = splitText(text, PART_LENGTH);
    if (count === 1) count = parts.length;
    const shortened: string[] = [];
    for (const [at, part] of parts.entries()) {
      const { summary, keyPoints } = await shorten(part, `part ${at + 1} of ${parts.length} of a text`, 250);
      // Half of a part at most, so that each round has less to read than the one before.
      shortened.push([summary, ...keyPoints].join('\n').slice(0, PART_LENGTH / 2));
    }
    text = shortened.join('\n\n');
    what = 'a text, given as summaries of its parts in their order,';
  }
  const result = await shorten(text, what, request.words);
  return { ...result, parts: count, usage };
}

/** Parts of at most `length` characters, cut at paragraphs, else at sentences, else at blanks, that join to the whole. */
export function splitText(text: string, length: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > length) {
    const window = rest.slice(0, length);
    const half = length / 2;
    const cut = [/\n\s*\n(?![\s\S]*\n\s*\n)/, /[.!?。!?]\s?(?![\s\S]*[.!?。!?])/, /\s(?![\s\S]*\s)/]
      .map((pattern) => pattern.exec(window))
      .map((match) => (match === null ? 0 : match.index + match[0].length))
      .find((end) => end > half);
    // Never between the halves of one character.
    const end = cut ?? (/[\ud800-\udbff]$/.test(window) ? length - 1 : length);
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...parts, rest];
}
