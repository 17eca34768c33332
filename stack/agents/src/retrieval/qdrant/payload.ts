import { pointId } from '@bizstack/contracts';
import { z } from 'zod';
import { SOURCE_FORMATS, type SourceAccess } from '../source';

const accessSchema = z.object({
  public: z.boolean(),
  users: z.array(z.string()),
  roles: z.array(z.string()),
});
type AccessPayload = z.infer<typeof accessSchema>;

/** Payload of a chunk's point. */
export const chunkPayloadSchema = z.object({
  kind: z.literal('chunk'),
  source_id: z.string(),
  title: z.string(),
  url: z.string().optional(),
  text: z.string(),
  /** UTF-16 code units of the loaded text. */
  start: z.number().int(),
  end: z.number().int(),
  headings: z.array(z.string()),
  page: z.number().int().optional(),
  access: accessSchema,
});
export type ChunkPayload = z.infer<typeof chunkPayloadSchema>;

/** Payload of the point that says that a source is indexed as a whole. It has no vectors, so no search finds it. */
export const sourcePayloadSchema = z.object({
  kind: z.literal('source'),
  source_id: z.string(),
  title: z.string(),
  url: z.string().optional(),
  format: z.enum(SOURCE_FORMATS),
  /** Of everything that the chunks depend on. */
  fingerprint: z.string(),
  chunks: z.number().int(),
  characters: z.number().int(),
  access: accessSchema,
  indexed_at: z.string(),
});
export type SourcePayload = z.infer<typeof sourcePayloadSchema>;

/** Names of the vectors in a collection. */
export const DENSE = 'dense';
export const SPARSE = 'text';

export function sourcePointId(sourceId: string): string {
  return pointId(`knowledge-source\n${sourceId}`);
}

/** @param occurrence 0 for the first chunk of the source with that hash, 1 for the next */
export function chunkPointId(sourceId: string, hash: string, occurrence: number): string {
  return pointId(`knowledge-chunk\n${sourceId}\n${hash}\n${occurrence}`);
}

export function accessPayload(access: SourceAccess): AccessPayload {
  if (access === 'public') return { public: true, users: [], roles: [] };
  return { public: false, users: [...access.users].sort(), roles: [...access.roles].sort() };
}

export function accessOf(payload: AccessPayload): SourceAccess {
  return payload.public ? 'public' : { users: payload.users, roles: payload.roles };
}

export function sameAccess(a: AccessPayload, b: AccessPayload): boolean {
  return JSON.stringify([a.public, a.users, a.roles]) === JSON.stringify([b.public, b.users, b.roles]);
}
