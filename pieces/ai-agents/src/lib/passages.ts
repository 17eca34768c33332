import type { KnowledgeBase, Passage } from '@bizstack/agents/agents';
import { Property } from '@activepieces/pieces-framework';
import { parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';

export const passagesProp = Property.Json({
  displayName: 'Passages',
  description:
    'What answers may rest on: [{"id", "text", "source", "title"}], or the hits of a vector search whose payload has text.',
  required: false,
});

const idSchema = z.union([z.string(), z.number()]).transform(String);
const plainSchema = z.looseObject({
  id: idSchema.optional(),
  text: z.string().min(1).max(50_000),
  source: z.string().max(500).optional(),
  title: z.string().max(500).optional(),
});
const hitSchema = z
  .looseObject({ id: idSchema, payload: plainSchema })
  .transform(({ id, payload }) => ({ ...payload, id }));
const passagesSchema = z
  .array(z.union([hitSchema, plainSchema]))
  .max(1_000)
  .nullish()
  .transform((list) => list ?? []);

/** @throws BizError `BIZ_INPUT_INVALID` */
export function readPassages(input: unknown): Passage[] {
  return parseJsonProp('Passages', input ?? [], passagesSchema).map(({ id, text, source, title }, index) => ({
    id: id ?? `p${index + 1}`,
    text,
    source: source ?? title ?? `passage ${index + 1}`,
    ...(title === undefined ? {} : { title }),
    offsets: { start: 0, end: text.length },
    score: 0,
  }));
}

/** A knowledge base of the given passages: those that share words with the question first, the rest in their order. */
export async function passageBase(passages: readonly Passage[]): Promise<KnowledgeBase> {
  const { wordsOf } = await import('@bizstack/agents/agents');
  const words = passages.map((passage) => new Set(wordsOf(`${passage.title ?? ''} ${passage.text}`)));
  return {
    search: async (query, { limit }) => {
      const asked = [...new Set(wordsOf(query))];
      // A word that stands in few passages says more than one that stands in most.
      const weights = asked.map((word) => {
        const holding = words.filter((set) => set.has(word)).length;
        return holding === 0 ? 0 : Math.log(1 + passages.length / holding);
      });
      return passages
        .map((passage, index) => ({
          ...passage,
          score: asked.reduce((sum, word, at) => sum + (words[index]?.has(word) ? (weights[at] ?? 0) : 0), 0),
        }))
        .sort((left, right) => right.score - left.score)
        .slice(0, limit);
    },
  };
}
