import type { Passage } from '@bizstack/agents/agents';
import type { Usage } from '@bizstack/agents/providers';
import { z } from 'zod';
import type { Connection } from './connection';
import { ask } from './model';

const outputSchema = z.strictObject({
  known: z.boolean(),
  answer: z.string().max(20_000),
  citations: z.array(z.strictObject({ passageId: z.string(), quote: z.string().min(1).max(2_000) })).max(20),
});

export interface Citation {
  passageId: string;
  source: string;
  title: string | null;
  quote: string;
  /** Characters of the source, end exclusive. */
  offsets: { start: number; end: number };
}

export interface Answer {
  known: boolean;
  answer: string | null;
  citations: Citation[];
  usage: Usage;
}

/**
 * An answer that rests on passages. Code checks every citation: the words must stand in the passage. An answer
 * with one that does not hold counts as not known.
 */
export async function answerFrom(
  connection: Connection,
  question: string,
  passages: readonly Passage[],
): Promise<Answer> {
  if (passages.length === 0) {
    const { noUsage } = await import('@bizstack/agents/providers');
    return { known: false, answer: null, citations: [], usage: noUsage() };
  }
  const { value, usage } = await ask(connection, {
    task: [
      'Answer the question from the passages alone, in its language.',
      'Cite every passage that you use, by its id, with a sentence copied from it word for word.',
      'When the passages do not answer it, set known to false.',
    ].join('\n'),
    data: [
      { source: 'question', text: question },
      ...passages.map(({ id, title, text }) => ({
        source: `passage ${id}`,
        text: title ? `${title}\n${text}` : text,
      })),
    ],
    schema: outputSchema,
  });
  const citations = value.citations.flatMap(({ passageId, quote }) => {
    const passage = passages.find(({ id }) => id === passageId);
    const start = passage?.text.indexOf(quote) ?? -1;
    if (passage === undefined || start < 0) return [];
    const from = passage.offsets.start + start;
    return [
      {
        passageId,
        source: passage.source,
        title: passage.title ?? null,
        quote,
        offsets: { start: from, end: from + quote.length },
      },
    ];
  });
  // One citation that does not hold makes the whole answer doubtful.
  const known = value.known && citations.length > 0 && citations.length === value.citations.length;
  return { known, answer: known ? value.answer : null, citations: known ? citations : [], usage };
}
