import { z } from 'zod';

/** A run of text with its box; origin top left, units of the page (points, or pixels of the scan). */
export const textItemSchema = z.object({
  text: z.string(),
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  /** 1 for a text layer, the recogniser's own certainty for OCR. */
  confidence: z.number(),
});
export type TextItem = z.infer<typeof textItemSchema>;

export const pageSchema = z.object({ width: z.number(), height: z.number(), items: z.array(textItemSchema) });
export type Page = z.infer<typeof pageSchema>;
