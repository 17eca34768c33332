import { z } from 'zod';
import type { Finding } from './factors';
import type { Locale } from './text';

/** Most points that similar deals may add or take. */
export const SIMILARITY_CAP = 15;

/** Neighbours less alike than this say nothing. */
const LEAST_SIMILARITY = 0.5;

/** With this many neighbours the finding weighs half of what it would with endless ones. */
const HALF_WEIGHT_AT = 3;

/** A closed deal that resembles the lead. */
export const neighbourSchema = z.strictObject({
  id: z.string().min(1).max(200).optional(),
  /** Cosine similarity, -1 to 1. */
  similarity: z.number().min(-1).max(1),
  outcome: z.enum(['won', 'lost']),
});

export type Neighbour = z.infer<typeof neighbourSchema>;

/**
 * What similar closed deals say: the similarity-weighted balance of won and lost, times the cap, shrunk
 * towards nothing while there are few. Turning a lost neighbour into a won one never lowers the points.
 */
export function similarityFinding(neighbours: readonly Neighbour[], locale: Locale): Finding | undefined {
  const near = neighbours.filter((neighbour) => neighbour.similarity >= LEAST_SIMILARITY);
  const weight = near.reduce((sum, neighbour) => sum + neighbour.similarity, 0);
  if (weight === 0) return undefined;
  const won = near.filter((neighbour) => neighbour.outcome === 'won');
  const balance = (2 * won.reduce((sum, neighbour) => sum + neighbour.similarity, 0)) / weight - 1;
  const certainty = near.length / (near.length + HALF_WEIGHT_AT);
  return {
    factor: 'similarity.closed_deals',
    points: SIMILARITY_CAP * balance * certainty,
    text:
      locale === 'zh'
        ? `${near.length} 个相似的已结束商机中有 ${won.length} 个赢单。`
        : `${won.length} of ${near.length} similar closed deals were won.`,
  };
}
