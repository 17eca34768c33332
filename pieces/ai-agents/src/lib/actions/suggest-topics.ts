import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import {
  performanceProp,
  performanceSchema,
  publishedProp,
  publishedSchema,
  questionsProp,
  questionsSchema,
} from '../content-props';

export const suggestTopicsAction = createAction({
  name: 'suggest_topics',
  auth: aiAgentsAuth,
  requireAuth: false,
  displayName: 'Suggest Topics',
  description: 'What to write about next, by what is asked and what did well; needs no language model',
  audience: 'both',
  aiMetadata: {
    description:
      'Suggest content topics from unanswered questions and the performance of published topics, each with a score and reasons. Changes nothing.',
    idempotent: true,
  },
  props: {
    questions: questionsProp,
    performance: performanceProp,
    published: publishedProp,
    limit: Property.Number({
      displayName: 'Limit',
      description: 'Most suggestions, 1 to 100.',
      required: false,
      defaultValue: 10,
    }),
  },
  outputSchema: {
    fields: [
      {
        key: 'topics',
        label: 'Topics',
        listItems: [
          { key: 'topic', label: 'Topic' },
          { key: 'score', label: 'Score', format: 'number' },
          { key: 'reasons', label: 'Reasons' },
        ],
      },
    ],
  },
  async run({ propsValue }) {
    const { suggestTopics } = await import('@bizstack/agents/agents');
    const published = parseJsonProp('Published Items', propsValue.published ?? [], publishedSchema);
    return {
      topics: suggestTopics({
        questions: parseJsonProp('Questions', propsValue.questions ?? [], questionsSchema),
        performance: parseJsonProp('Performance', propsValue.performance ?? [], performanceSchema),
        publishedTitles: published.map(({ title }) => title),
        limit: parseInput('Limit', propsValue.limit ?? 10, z.number().int().min(1).max(100)),
      }),
    };
  },
});
