import { z } from 'zod';
import { MODEL_NAME } from './model-files';

export const MAX_INPUTS = 2048;
/** Characters; the model reads the first 512 tokens of each text in any case. */
export const MAX_TEXT = 100_000;

const textSchema = z.string().min(1, 'must not be empty').max(MAX_TEXT);

export const embeddingsRequestSchema = z.object({
  input: z.union([textSchema, z.array(textSchema).min(1).max(MAX_INPUTS)], {
    error: `must be a non-empty string or an array of 1 to ${MAX_INPUTS} of them; token arrays are not supported`,
  }),
  model: z.literal(MODEL_NAME, { error: `must be "${MODEL_NAME}", the only model here` }),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  dimensions: z.number().int().optional(),
  user: z.string().optional(),
});

export type EmbeddingsRequest = z.infer<typeof embeddingsRequestSchema>;
