import { type Neighbour, neighbourSchema } from '@bizstack/agents/scoring';
import { parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';

/** A hit of a similarity search whose payload tells how the deal ended. */
const hitSchema = z
  .looseObject({
    id: z.union([z.string(), z.number()]),
    score: z.number().min(-1).max(1),
    payload: z.looseObject({ outcome: z.enum(['won', 'lost']) }),
  })
  .transform((hit): Neighbour => ({
    id: String(hit.id),
    similarity: hit.score,
    outcome: hit.payload.outcome,
  }));

const dealsSchema = z.array(z.union([neighbourSchema, hitSchema])).max(1000);

/**
 * Reads similar closed deals: `[{similarity, outcome}]`, or hits of a vector search with `payload.outcome`.
 * @throws BizError `BIZ_INPUT_INVALID`.
 */
export function readSimilarDeals(input: unknown): Neighbour[] {
  return parseJsonProp('Similar Deals', input ?? [], dealsSchema.optional()) ?? [];
}
