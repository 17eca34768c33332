import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { keywordsProp, keywordsSchema, publishedProp, publishedSchema } from '../content-props';

export const scoreContentSeoAction = createAction({
  name: 'score_content_seo',
  auth: aiAgentsAuth,
  requireAuth: false,
  displayName: 'Score Content for SEO',
  description: 'Scores a text for search engines by rules anybody can check; needs no language model',
  audience: 'both',
  aiMetadata: {
    description:
      'Score a text for search engines (0-100) with every check: lengths, keyword coverage, readability, internal links, duplicates. Changes nothing.',
    idempotent: true,
  },
  props: {
    title: Property.ShortText({ displayName: 'Title', description: 'Title of the page.', required: true }),
    metaDescription: Property.LongText({
      displayName: 'Meta Description',
      description: 'Description that search engines show.',
      required: true,
    }),
    body: Property.LongText({
      displayName: 'Body',
      description: 'Text of the page in Markdown.',
      required: true,
    }),
    keywords: keywordsProp,
    published: publishedProp,
  },
  outputSchema: {
    fields: [
      { key: 'score', label: 'Score', format: 'number', description: '0–100' },
      {
        key: 'checks',
        label: 'Checks',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'score', label: 'Score', format: 'number' },
          { key: 'weight', label: 'Weight', format: 'number' },
          { key: 'text', label: 'Text' },
        ],
      },
      { key: 'keywords', label: 'Keywords' },
      { key: 'readability', label: 'Readability' },
      { key: 'internalLinks', label: 'Internal links' },
      { key: 'duplicateOf', label: 'Duplicate of' },
    ],
  },
  async run({ propsValue }) {
    const { scoreSeo } = await import('@bizstack/agents/agents');
    return scoreSeo({
      title: parseInput('Title', propsValue.title, z.string().max(10_000)),
      metaDescription: parseInput('Meta Description', propsValue.metaDescription, z.string().max(10_000)),
      body: parseInput('Body', propsValue.body, z.string().min(1).max(500_000)),
      keywords: parseInput('Keywords', propsValue.keywords ?? [], keywordsSchema),
      published: parseJsonProp('Published Items', propsValue.published ?? [], publishedSchema),
    });
  },
});
