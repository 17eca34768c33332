import { createAction, Property } from '@activepieces/pieces-framework';
import { applyOverride, DEFAULT_RULES, parseRuleOverride, type RuleSet, scoreLead } from '@bizstack/agents';
import { jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { aiAgentsAuth } from '../auth';
import { readLead } from '../lead-input';
import { readSimilarDeals } from '../similar-deals';

export const scoreLeadAction = createAction({
  name: 'score_lead',
  auth: aiAgentsAuth,
  requireAuth: false,
  displayName: 'Score Lead',
  description: 'Scores a lead from 0 to 100 by readable rules, with a grade and the reason for every point',
  audience: 'both',
  aiMetadata: {
    description:
      'Computes a lead score (0-100), grade (A-D) and the reasons, whose contributions sum to the score before clamping. Give a crm.lead.captured event or a lead object with leadId. Deterministic except for scoredAt; changes nothing.',
    idempotent: true,
  },
  props: {
    lead: Property.Json({
      displayName: 'Event or Lead',
      description: 'An event of type crm.lead.captured, or a lead with at least leadId.',
      required: true,
    }),
    eventId: Property.ShortText({
      displayName: 'Event ID',
      description: 'UUID of the event that brought the lead. Only for a lead without its event.',
      required: false,
    }),
    similarDeals: Property.Json({
      displayName: 'Similar Deals',
      description:
        'Closed deals that resemble the lead: [{"similarity": 0.8, "outcome": "won"}], or search hits whose payload has outcome. They move the score by at most 15 points.',
      required: false,
    }),
    rules: Property.Json({
      displayName: 'Rules',
      description:
        'Changes to the built-in rules: version, base, grades, factors (replaced or added by name), remove (names).',
      required: false,
    }),
    language: Property.StaticDropdown({
      displayName: 'Language',
      description: 'Language of the reasons.',
      required: false,
      defaultValue: 'en',
      options: {
        options: [
          { label: 'English', value: 'en' },
          { label: 'Chinese', value: 'zh' },
        ],
      },
    }),
  },
  outputSchema: {
    fields: [
      { key: 'leadId', label: 'Lead ID' },
      { key: 'capturedEventId', label: 'Captured event ID' },
      { key: 'score', label: 'Score', format: 'number', description: '0–100' },
      { key: 'grade', label: 'Grade', description: 'A, B, C or D' },
      {
        key: 'reasons',
        label: 'Reasons',
        listItems: [
          { key: 'factor', label: 'Factor' },
          { key: 'contribution', label: 'Contribution', format: 'number' },
          { key: 'text', label: 'Text' },
        ],
      },
      { key: 'model', label: 'Model', description: 'Version of the rules' },
      { key: 'scoredAt', label: 'Scored at', format: 'datetime' },
    ],
  },
  async run({ propsValue }) {
    const scoredAt = new Date().toISOString();
    const { lead, capturedEventId } = readLead(propsValue.lead, propsValue.eventId, scoredAt);
    return scoreLead(lead, {
      capturedEventId,
      scoredAt,
      rules: readRules(propsValue.rules),
      neighbours: readSimilarDeals(propsValue.similarDeals),
      locale: propsValue.language === 'zh' ? 'zh' : 'en',
    });
  },
});

function readRules(input: unknown): RuleSet {
  const override = parseJsonProp('Rules', input ?? {}, jsonObjectSchema.optional()) ?? {};
  return Object.keys(override).length === 0
    ? DEFAULT_RULES
    : applyOverride(DEFAULT_RULES, parseRuleOverride(override));
}
