import { createAction, Property } from '@activepieces/pieces-framework';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { languageProp, modelNameProp } from '../props';

export const scoreLeadAction = createAction({
  name: 'score_lead',
  auth: aiAgentsAuth,
  requireAuth: false,
  displayName: 'Score Lead',
  description:
    'Scores a lead from 0 to 100 by readable rules or a trained model, with a grade and every reason',
  audience: 'both',
  aiMetadata: {
    description:
      'Score a sales lead by rules, or by a model trained with train_lead_scoring: score 0-100, grade A-D, and the contribution of each reason. Changes nothing.',
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
    model: Property.Json({
      displayName: 'Trained Model',
      description: 'Output "model" of Train Lead Scoring. Empty: the rules score.',
      required: false,
    }),
    modelName: modelNameProp,
    modelVersion: Property.ShortText({
      displayName: 'Model Version',
      description: 'A version of the stored model. Empty: the one stored last.',
      required: false,
    }),
    adjustmentCap: Property.Number({
      displayName: 'Language Model: Points',
      description:
        'Points from 0 to 10 that the language model may add or take. 0 or empty: it is not asked.',
      required: false,
    }),
    language: languageProp,
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
      { key: 'model', label: 'Model', description: 'Version of the rules or the trained model' },
      { key: 'scoredAt', label: 'Scored at', format: 'datetime' },
      {
        key: 'adjustmentError',
        label: 'Adjustment error',
        description: 'Why the language model could not adjust',
      },
    ],
  },
  async run({ auth, propsValue }) {
    // Loaded when it runs: its schemas would weigh on every other step.
    const { scoreLeadStep } = await import('../score-lead-lazy.js');
    return scoreLeadStep(readConnection(auth), propsValue);
  },
});
