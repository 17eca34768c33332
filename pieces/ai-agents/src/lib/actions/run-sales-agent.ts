import { createAction, Property } from '@activepieces/pieces-framework';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { searchedCollectionProp } from '../knowledge';
import { salesMember } from '../members/sales';
import { passagesProp } from '../passages';
import { runAgentStep } from '../run-agent';

export const runSalesAgentAction = createAction({
  name: 'run_sales_agent',
  auth: aiAgentsAuth,
  displayName: 'Run Sales Agent',
  description:
    'Answers a lead from the knowledge base with citations, qualifies, proposes meetings; changes wait for approval',
  audience: 'both',
  aiMetadata: {
    description:
      'Answer a message of a lead from a knowledge base or given passages with citations (or say that it is not known), collect budget, authority, need and timeline, propose meetings, ask to update the CRM. Writes wait for a person. Repeating the step in a run continues it.',
    idempotent: true,
  },
  props: {
    ...agentProps,
    collection: searchedCollectionProp,
    passages: passagesProp,
    contact: Property.Json({
      displayName: 'Contact',
      description: 'What the CRM knows about the contact, as an object. Needs Contact ID.',
      required: false,
    }),
    busyTimes: Property.Json({
      displayName: 'Busy Times',
      description: 'Times that are taken: [{"start", "end"}] in ISO 8601. Empty: no meetings are proposed.',
      required: false,
    }),
    organizer: Property.Json({
      displayName: 'Organizer',
      description: 'Who invites to meetings: {"name", "email"}.',
      required: false,
    }),
    writeUrl: writeUrlProp,
  },
  outputSchema: { fields: agentOutputFields },
  async run(context) {
    const { propsValue } = context;
    return runAgentStep({
      context,
      props: propsValue,
      build: await salesMember(propsValue, readConnection(context.auth)),
    });
  },
});
