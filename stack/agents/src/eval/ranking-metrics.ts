/** Metrics by name; `hit<k>` where they were asked for. */
export interface RankingMetrics {
  ndcg10: number;
  mrr10: number;
  recall100: number;
  [hit: `hit${number}`]: number;
}

export interface Ranking {
  /** Ids, best first. */
  readonly documents: readonly string[];
  /** Above 0 is relevant; more is better. */
  readonly grades: ReadonlyMap<string, number>;
}

/** Means over queries, as trec_eval computes them: gains are the grades, discounted by log2(rank + 1). */
export function meanMetrics(rankings: readonly Ranking[], hits: readonly number[]): RankingMetrics {
  const mean = (metric: (ranking: Ranking) => number): number => {
    const total = rankings.reduce((sum, ranking) => sum + metric(ranking), 0);
    return Math.round((total / rankings.length) * 10_000) / 10_000;
  };
  const metrics: RankingMetrics = {
    ndcg10: mean((ranking) => ndcg(ranking, 10)),
    mrr10: mean((ranking) => reciprocalRank(ranking, 10)),
    recall100: mean((ranking) => recall(ranking, 100)),
  };
  for (const k of hits) metrics[`hit${k}`] = mean((ranking) => (reciprocalRank(ranking, k) > 0 ? 1 : 0));
  return metrics;
}

function ndcg({ documents, grades }: Ranking, k: number): number {
  const gains = documents.slice(0, k).map((id) => Math.max(0, grades.get(id) ?? 0));
  const ideal = [...grades.values()]
    .filter((grade) => grade > 0)
    .sort((a, b) => b - a)
    .slice(0, k);
  const best = discounted(ideal);
  return best === 0 ? 0 : discounted(gains) / best;
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
}

function reciprocalRank({ documents, grades }: Ranking, k: number): number {
  const index = documents.slice(0, k).findIndex((id) => (grades.get(id) ?? 0) > 0);
  return index < 0 ? 0 : 1 / (index + 1);
}

function recall({ documents, grades }: Ranking, k: number): number {
  const relevant = [...grades].filter(([, grade]) => grade > 0).map(([id]) => id);
  const found = new Set(documents.slice(0, k));
  return relevant.length === 0 ? 0 : relevant.filter((id) => found.has(id)).length / relevant.length;
}
