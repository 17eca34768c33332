import { createAction, Property } from '@activepieces/pieces-framework';
import type { ContentPorts } from '@bizstack/agents/agents';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import {
  brandVoiceProp,
  keywordsProp,
  keywordsSchema,
  performanceProp,
  performanceSchema,
  publishedProp,
  publishedSchema,
  questionsProp,
  questionsSchema,
} from '../content-props';
import { runAgentStep } from '../run-agent';
import { createdSchema, type Writer, writerTo } from '../writer';

export const runContentAgentAction = createAction({
  name: 'run_content_agent',
  auth: aiAgentsAuth,
  displayName: 'Run Content Agent',
  description:
    'Writes variants that differ, in the voice of the brand, with SEO scores; saving a draft waits for approval',
  audience: 'both',
  aiMetadata: {
    description:
      'Write one to five text variants in the voice of the brand, check them (SEO, duplicates, how far they differ), suggest topics, and ask to save drafts. Writes wait for a person. Repeating the step in a run continues it.',
    idempotent: true,
  },
  props: {
    ...agentProps,
    variants: Property.Number({
      displayName: 'Variants',
      description: 'Number of variants, 1 to 5.',
      required: false,
      defaultValue: 1,
    }),
    keywords: keywordsProp,
    brandVoice: brandVoiceProp,
    published: publishedProp,
    performance: performanceProp,
    questions: questionsProp,
    writeUrl: writeUrlProp,
  },
  outputSchema: { fields: agentOutputFields },
  async run(context) {
    const { propsValue } = context;
    const ports = portsOf(
      {
        published: parseJsonProp('Published Items', propsValue.published ?? [], publishedSchema),
        performance: parseJsonProp('Performance', propsValue.performance ?? [], performanceSchema),
        questions: parseJsonProp('Questions', propsValue.questions ?? [], questionsSchema),
      },
      writerTo(propsValue.writeUrl),
    );
    const keywords = parseInput('Keywords', propsValue.keywords ?? [], keywordsSchema);
    const variants = parseInput('Variants', propsValue.variants ?? 1, z.number().int().min(1).max(5));
    const voice = parseJsonProp('Brand Voice', propsValue.brandVoice ?? {}, jsonObjectSchema.nullish()) ?? {};
    return runAgentStep({
      context,
      props: propsValue,
      build: async () => {
        const { brandVoiceSchema, contentAgent } = await import('@bizstack/agents/agents');
        const given = Object.keys(voice).length > 0;
        return contentAgent({
          ports,
          settings: {
            keywords,
            variants,
            ...(given ? { voice: parseInput('Brand Voice', voice, brandVoiceSchema) } : {}),
          },
        });
      },
    });
  },
});

interface Known {
  published: z.output<typeof publishedSchema>;
  performance: z.output<typeof performanceSchema>;
  questions: z.output<typeof questionsSchema>;
}

function portsOf({ published, performance, questions }: Known, write: Writer | undefined): ContentPorts {
  return {
    published: async (query, { limit }) => {
      const { similarity } = await import('@bizstack/agents/agents');
      return published
        .map((item) => ({ item, likeness: similarity(query, `${item.title} ${item.text}`, 1) }))
        .sort((left, right) => right.likeness - left.likeness)
        .slice(0, limit)
        .map(({ item }) => item);
    },
    performance: async () => performance,
    questions: async () => questions,
    ...(write
      ? {
          saveDraft: (draft, options) =>
            write('save_draft', draft, createdSchema(options.idempotencyKey), options),
        }
      : {}),
  };
}
