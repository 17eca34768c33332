import { z } from 'zod';

/** Language of the reasons. */
export type Locale = 'en' | 'zh';

const sentence = z.string().trim().min(1).max(300);

/** A sentence, or one per language; English is used where Chinese is missing. */
export const textSchema = z.union([sentence, z.strictObject({ en: sentence, zh: sentence.optional() })]);

export type Text = z.infer<typeof textSchema>;

export function textIn(locale: Locale, text: Text): string {
  if (typeof text === 'string') return text;
  return locale === 'zh' ? (text.zh ?? text.en) : text.en;
}
