import { z } from 'zod';
import { MODEL_NAME } from './model-files';

const vectorsSchema = z.array(z.array(z.number()));

export interface Embedded {
  /** One unit-length vector a text. */
  readonly vectors: readonly (readonly number[])[];
  readonly tokens: number;
}

export interface Model {
  readonly dimensions: number;
  embed(texts: readonly string[]): Promise<Embedded>;
  close(): Promise<void>;
}

/** Loads the model from disk only: no file is ever looked for on a network. */
export async function loadModel(modelDir: string, threads: number): Promise<Model> {
  // The package is an ES module to the compiler; import() works from CommonJS either way.
  const { env, pipeline } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.localModelPath = modelDir;
  const extract = await pipeline('feature-extraction', MODEL_NAME, {
    dtype: 'q8',
    session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
  const embed = async (texts: readonly string[]): Promise<Embedded> => {
    const input = [...texts];
    const tensor = await extract(input, { pooling: 'mean', normalize: true });
    return {
      vectors: vectorsSchema.parse(tensor.tolist()),
      tokens: input.reduce((sum, text) => sum + extract.tokenizer.encode(text).length, 0),
    };
  };
  const probe = await embed(['probe']);
  return {
    dimensions: probe.vectors[0]?.length ?? 0,
    embed,
    close: async () => void (await extract.dispose()),
  };
}
