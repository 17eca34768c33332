import { Property } from '@activepieces/pieces-framework';
import { z } from 'zod';

export const keywordsProp = Property.Array({
  displayName: 'Keywords',
  description: 'Words or phrases that the page should be found by.',
  required: false,
});

export const keywordsSchema = z.array(z.string().trim().min(1).max(200)).max(100);

export const publishedProp = Property.Json({
  displayName: 'Published Items',
  description: 'What is published already: [{"title", "url", "text"}], for internal links and duplicates.',
  required: false,
});

export const publishedSchema = z
  .array(
    z.looseObject({
      id: z.union([z.string(), z.number()]).optional(),
      title: z.string(),
      url: z.string(),
      text: z.string().default(''),
    }),
  )
  .max(5_000)
  .nullish()
  .transform((items) =>
    (items ?? []).map(({ id, title, url, text }) => ({ id: String(id ?? url), title, url, text })),
  );

export const performanceProp = Property.Json({
  displayName: 'Performance',
  description: 'How published topics did: [{"topic", "views", "conversions"}].',
  required: false,
});

export const performanceSchema = z
  .array(
    z.object({
      topic: z.string().min(1),
      views: z.coerce.number().min(0),
      conversions: z.coerce.number().min(0),
    }),
  )
  .max(5_000)
  .nullish()
  .transform((rows) => rows ?? []);

export const questionsProp = Property.Json({
  displayName: 'Questions',
  description: 'What leads ask and the knowledge base could not answer: [{"text", "count"}].',
  required: false,
});

export const questionsSchema = z
  .array(z.object({ text: z.string().min(1).max(2_000), count: z.coerce.number().min(1).default(1) }))
  .max(5_000)
  .nullish()
  .transform((rows) => rows ?? []);

export const brandVoiceProp = Property.Json({
  displayName: 'Brand Voice',
  description:
    'How the company speaks: {"name", "tone", "audience", "does", "doesNot", "forbidden", "preferred"}.',
  required: false,
});
