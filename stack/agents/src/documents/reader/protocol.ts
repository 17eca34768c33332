import { z } from 'zod';
import { DOCUMENT_FAILURES } from '../errors';
import { pageSchema } from '../layout/page';

export const readResultSchema = z.object({
  source: z.enum(['text-layer', 'ocr']),
  pages: z.array(pageSchema),
  /** XML files embedded in a PDF (PDF/A-3). */
  attachments: z.array(z.object({ name: z.string(), text: z.string() })),
});
export type ReadResult = z.infer<typeof readResultSchema>;

export const requestSchema = z.object({
  id: z.number(),
  mediaType: z.enum(['pdf', 'image']),
  bytes: z.instanceof(Uint8Array),
});
export type ReadRequest = z.infer<typeof requestSchema>;

export const answerSchema = z.discriminatedUnion('ok', [
  z.object({ id: z.number(), ok: z.literal(true), result: readResultSchema }),
  z.object({
    id: z.number(),
    ok: z.literal(false),
    failure: z.enum(DOCUMENT_FAILURES),
    message: z.string(),
    hint: z.string().optional(),
    cause: z.string().optional(),
  }),
]);
export type ReadAnswer = z.infer<typeof answerSchema>;
