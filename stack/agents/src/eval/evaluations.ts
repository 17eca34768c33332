/** Prints its result on stdout and what it does on stderr. Relative paths count from where npm was called. */
export interface Evaluation {
  run(args: string[]): Promise<void>;
}

/** By name on the command line. Modules load when they run: OCR or a model is of no use to the others. */
export const evaluations: ReadonlyMap<string, Evaluation> = new Map<string, Evaluation>([
  ['lead-scoring', { run: async (args) => (await import('./lead-scoring.js')).evalLeadScoring(args) }],
  ['anomalies', { run: async (args) => (await import('./anomalies.js')).evalAnomalies(args) }],
  ['documents', { run: async (args) => (await import('./documents.js')).evalDocuments(args) }],
  ['retrieval', { run: async (args) => (await import('./retrieval.js')).evalRetrieval(args) }],
  ['live', { run: async (args) => (await import('./live.js')).evalLive(args) }],
  ['--live', { run: async (args) => (await import('./live.js')).evalLive(args) }],
]);
