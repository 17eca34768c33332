import { z } from 'zod';
import { plainText, wordsOf } from './words';

const words = z.array(z.string().min(1).max(100)).max(200).default([]);

/** How the company speaks. Written by its people, so it may stand in a prompt. */
export const brandVoiceSchema = z.strictObject({
  name: z.string().min(1).max(100),
  tone: z.string().min(1).max(500),
  audience: z.string().max(500).optional(),
  does: words,
  doesNot: words,
  /** Never stand in a text. */
  forbidden: words,
  /** Written this way: `{ "e-mail": "email" }` turns the first into the second. */
  preferred: z.record(z.string(), z.string()).default({}),
  /** Longest sentence on average, in words. */
  maxWordsPerSentence: z.int().min(5).max(60).optional(),
});
export type BrandVoice = z.output<typeof brandVoiceSchema>;

/** What a text does against the voice, as far as code can tell. */
export function brandVoiceProblems(text: string, voice: BrandVoice, wordsPerSentence: number): string[] {
  const said = ` ${wordsOf(plainText(text)).join(' ')} `;
  const has = (term: string) => said.includes(` ${wordsOf(term).join(' ')} `);
  const problems = voice.forbidden
    .filter(has)
    .map((term) => `It says "${term}", which the brand never says.`);
  for (const [wrong, right] of Object.entries(voice.preferred)) {
    if (has(wrong)) problems.push(`It says "${wrong}"; the brand says "${right}".`);
  }
  if (voice.maxWordsPerSentence !== undefined && wordsPerSentence > voice.maxWordsPerSentence) {
    problems.push(
      `Its sentences have ${Math.round(wordsPerSentence)} words; at most ${voice.maxWordsPerSentence} on average.`,
    );
  }
  return problems;
}
