import { z } from 'zod';
import { retrievalError } from './errors';

export const SOURCE_FORMATS = ['text', 'markdown', 'html', 'pdf', 'docx', 'csv'] as const;
export type SourceFormat = (typeof SOURCE_FORMATS)[number];

/** Bytes of one source. */
export const MAX_SOURCE_BYTES = 64 * 1024 * 1024;

const nameSchema = z.string().min(1).max(200);

export const accessSchema = z.object({
  /** Ids of users. */
  users: z.array(nameSchema).max(1000).default([]),
  /** Names of roles; a user's permissions count as roles of that exact name. */
  roles: z.array(nameSchema).max(1000).default([]),
});

export const sourceSchema = z.object({
  /** Yours, stable: the same id replaces what was indexed under it. */
  id: z.string().min(1).max(500),
  /** Shown in citations and searched; without it the document's own title. */
  title: z.string().trim().max(500).optional(),
  /** Shown in citations. */
  url: z.string().max(2000).optional(),
  content: z.union([z.string(), z.instanceof(Uint8Array)]),
  /** Without it: by file name, then by the first bytes. */
  format: z.enum(SOURCE_FORMATS).optional(),
  fileName: z.string().max(500).optional(),
  /** Who finds it. `public` is everyone, callers without a user too. */
  access: z.union([z.literal('public'), accessSchema]).default('public'),
});

/** Something to index. */
export type KnowledgeSource = z.input<typeof sourceSchema>;
export type ParsedSource = z.output<typeof sourceSchema>;
export type SourceAccess = ParsedSource['access'];

/** @throws BizError `BIZ_RETRIEVAL_INPUT_INVALID` */
export function parseSource(source: KnowledgeSource): ParsedSource {
  const parsed = sourceSchema.safeParse(source);
  if (parsed.success) return parsed.data;
  throw retrievalError('INPUT_INVALID', `The source does not fit: ${z.prettifyError(parsed.error)}.`, {
    cause: parsed.error,
  });
}
