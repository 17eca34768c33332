import { createAction, Property } from '@activepieces/pieces-framework';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import { financeMember } from '../members/finance';
import { runAgentStep } from '../run-agent';

export const runFinanceAgentAction = createAction({
  name: 'run_finance_agent',
  auth: aiAgentsAuth,
  displayName: 'Run Finance Agent',
  description:
    'Answers about invoices, refunds by policy, unusual transactions and reports; no figure comes from the model',
  audience: 'both',
  aiMetadata: {
    description:
      'Answer finance questions from the given invoices, reports and flags. Figures are put in by code; refunds are checked against the policy by code and wait for a person. Repeating the step in a run continues it.',
    idempotent: true,
  },
  props: {
    ...agentProps,
    invoices: Property.Json({
      displayName: 'Invoices',
      description:
        'Rows of a query: id, number, customer, issued, due, currency, total, paid, refunded, paidAt, status.',
      required: false,
    }),
    reports: Property.Json({
      displayName: 'Reports',
      description:
        'Results of queries: [{"name", "description", "currency", "columns": [{"name", "kind"}], "rows"}].',
      required: false,
    }),
    flags: Property.Json({
      displayName: 'Unusual Transactions',
      description: 'Flags of Detect Anomalies with amount, currency, date and party of each transaction.',
      required: false,
    }),
    refundPolicy: Property.Json({
      displayName: 'Refund Policy',
      description:
        'What differs from the defaults: {"withinDays", "maxShare", "maxAmount", "excludedStatuses"}.',
      required: false,
    }),
    writeUrl: writeUrlProp,
  },
  outputSchema: { fields: agentOutputFields },
  async run(context) {
    const { propsValue } = context;
    return runAgentStep({ context, props: propsValue, build: await financeMember(propsValue) });
  },
});
