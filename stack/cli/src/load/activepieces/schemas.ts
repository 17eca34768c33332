import { z } from 'zod';

/** Only what the loader reads of each answer; everything else may change from release to release. */
export const flags = z.looseObject({
  CURRENT_VERSION: z.string().optional(),
  USER_CREATED: z.boolean().optional(),
});

export const session = z.looseObject({
  token: z.string().min(1),
  projectId: z.string().nullish(),
  platformId: z.string().nullish(),
});

export const piece = z.looseObject({ name: z.string(), version: z.string() });

export const connection = z.looseObject({ externalId: z.string() });

/** What the loader keeps in a flow's metadata, so that any machine can tell what it loaded before. */
export const flowRecord = z.object({
  /** Key of the flow in its source, for example `lead-capture`. */
  flow: z.string(),
  /** Hash of what was imported; absent until the flow is enabled, so that a broken load starts over. */
  contentHash: z.string().optional(),
  /** Version that the load published; another one means that somebody edited the flow. */
  versionId: z.string().optional(),
  /** Hash of each piece tarball by `name@version`. */
  pieces: z.record(z.string(), z.string()).default({}),
});

export type FlowRecord = z.infer<typeof flowRecord>;

export const flow = z.looseObject({
  id: z.string(),
  status: z.enum(['ENABLED', 'DISABLED']),
  operationStatus: z.string().default('NONE'),
  publishedVersionId: z.string().nullish(),
  metadata: z.looseObject({ bizstack: z.unknown().optional() }).nullish(),
  version: z.looseObject({
    id: z.string(),
    displayName: z.string(),
    state: z.string(),
    valid: z.boolean(),
    trigger: z.unknown(),
  }),
});

export type Flow = z.infer<typeof flow>;

export function page<T extends z.ZodType>(item: T) {
  return z.looseObject({ data: z.array(item), next: z.string().nullish() });
}
