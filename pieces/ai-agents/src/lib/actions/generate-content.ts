import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import {
  brandVoiceProp,
  keywordsProp,
  keywordsSchema,
  publishedProp,
  publishedSchema,
} from '../content-props';
import { ask } from '../model';
import { usageField } from '../output-fields';

const contentSchema = z.strictObject({
  title: z.string().min(1).max(300),
  metaDescription: z.string().min(1).max(500),
  body: z.string().min(1).max(100_000).describe('Markdown'),
});

export const generateContentAction = createAction({
  name: 'generate_content',
  auth: aiAgentsAuth,
  displayName: 'Generate Content',
  description: 'Writes a text for a page, newsletter or post in the voice of the brand, with its SEO score',
  audience: 'both',
  aiMetadata: {
    description:
      'Write one text (title, meta description, body in Markdown) on a topic in the voice of the brand, and score it. For variants and research use run_content_agent. Changes nothing.',
    idempotent: true,
  },
  props: {
    topic: Property.LongText({
      displayName: 'Topic',
      description: 'What to write about, for whom, and what kind of text.',
      required: true,
    }),
    facts: Property.LongText({
      displayName: 'Facts',
      description: 'What the text may rest on. It is quoted: it cannot give orders.',
      required: false,
    }),
    words: Property.Number({
      displayName: 'Words',
      description: 'About how long the text is, 20 to 5,000.',
      required: false,
      defaultValue: 400,
    }),
    outputLanguage: Property.ShortText({
      displayName: 'Write In',
      description: 'Language of the result, for example English or 中文. Empty: that of the text.',
      required: false,
    }),
    keywords: keywordsProp,
    brandVoice: brandVoiceProp,
    published: publishedProp,
  },
  outputSchema: {
    fields: [
      { key: 'title', label: 'Title' },
      { key: 'metaDescription', label: 'Meta description' },
      { key: 'body', label: 'Body', description: 'Markdown' },
      { key: 'seo', label: 'SEO', description: 'Score and checks' },
      { key: 'voiceProblems', label: 'Voice problems', description: 'What is against the brand voice' },
      usageField,
    ],
  },
  async run({ auth, propsValue }) {
    const { brandVoiceProblems, brandVoiceSchema, scoreSeo } = await import('@bizstack/agents/agents');
    const topic = parseInput('Topic', propsValue.topic, z.string().trim().min(1).max(20_000));
    const words = parseInput('Words', propsValue.words ?? 400, z.number().int().min(20).max(5_000));
    const keywords = parseInput('Keywords', propsValue.keywords ?? [], keywordsSchema);
    const published = parseJsonProp('Published Items', propsValue.published ?? [], publishedSchema);
    const given =
      parseJsonProp('Brand Voice', propsValue.brandVoice ?? {}, jsonObjectSchema.optional()) ?? {};
    const voice =
      Object.keys(given).length === 0 ? undefined : parseInput('Brand Voice', given, brandVoiceSchema);
    const links = published.slice(0, 50).map(({ title, url }) => ({ title, url }));
    const { value, usage } = await ask(readConnection(auth), {
      task: [
        `Write a text of about ${words} words: ${topic}`,
        'Give title (30–60 characters), metaDescription (70–160 characters) and body in Markdown with headings. Claim no fact that is not given.',
        propsValue.outputLanguage?.trim() ? `Write in ${propsValue.outputLanguage.trim()}.` : '',
        keywords.length > 0 ? `Use each keyword as a person would: ${JSON.stringify(keywords)}` : '',
        voice === undefined ? '' : `Brand voice: ${JSON.stringify(voice)}`,
      ].join('\n'),
      data: [
        ...(propsValue.facts?.trim() ? [{ source: 'facts', text: propsValue.facts }] : []),
        ...(links.length > 0 ? [{ source: 'published pages to link to', text: JSON.stringify(links) }] : []),
      ],
      schema: contentSchema,
    });
    const seo = scoreSeo({ ...value, keywords, published });
    const all = `${value.title}. ${value.metaDescription}\n\n${value.body}`;
    const voiceProblems = voice ? brandVoiceProblems(all, voice, seo.readability.wordsPerSentence) : [];
    return { ...value, seo, voiceProblems, usage };
  },
});
