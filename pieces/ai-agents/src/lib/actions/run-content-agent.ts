import { createAction, Property } from '@activepieces/pieces-framework';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import {
  brandVoiceProp,
  keywordsProp,
  performanceProp,
  publishedProp,
  questionsProp,
} from '../content-props';
import { contentMember } from '../members/content';
import { runAgentStep } from '../run-agent';

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
    return runAgentStep({ context, props: propsValue, build: contentMember(propsValue) });
  },
});
