import { z } from 'zod';

/** Shapes of Qdrant's answers; only what the piece reads is checked. */
export const pointIdSchema = z.union([z.number(), z.string()]);

const payloadSchema = z.record(z.string(), z.unknown()).nullish();

export const recordSchema = z.looseObject({ id: pointIdSchema, payload: payloadSchema });
export const scoredPointSchema = recordSchema.extend({ score: z.number() });
export const queryResultSchema = z.looseObject({ points: z.array(scoredPointSchema) });
export const groupsSchema = z.looseObject({
  groups: z.array(z.looseObject({ id: pointIdSchema, hits: z.array(scoredPointSchema) })),
});
export const scrollSchema = z.looseObject({
  points: z.array(recordSchema),
  next_page_offset: pointIdSchema.nullish(),
});
export const updateSchema = z.looseObject({ status: z.string() });
export const booleanSchema = z.boolean();
export const countSchema = z.looseObject({ count: z.number() });

export const snapshotSchema = z.looseObject({
  name: z.string(),
  size: z.number(),
  creation_time: z.string().nullish(),
});

const vectorParamsSchema = z.looseObject({ size: z.number(), distance: z.string() });

export const collectionSchema = z.looseObject({
  status: z.string(),
  points_count: z.number().nullish(),
  indexed_vectors_count: z.number().nullish(),
  segments_count: z.number().nullish(),
  config: z.looseObject({
    params: z.looseObject({
      vectors: z.union([vectorParamsSchema, z.record(z.string(), vectorParamsSchema)]).nullish(),
      sparse_vectors: z.record(z.string(), z.unknown()).nullish(),
    }),
  }),
  payload_schema: z.record(z.string(), z.looseObject({ data_type: z.string() })).nullish(),
});

export type CollectionInfo = z.infer<typeof collectionSchema>;
export type ScoredPoint = z.infer<typeof scoredPointSchema>;
export type PointRecord = z.infer<typeof recordSchema>;
