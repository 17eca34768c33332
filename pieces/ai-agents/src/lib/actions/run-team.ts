import { createAction, Property } from '@activepieces/pieces-framework';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import { runTeamStep } from '../run-team';
import { memberProps } from '../team-members';

export const runTeamAction = createAction({
  name: 'run_team',
  auth: aiAgentsAuth,
  displayName: 'Run Team',
  description:
    'Several agents on one task: a supervisor hands parts of it to sales, content, finance and operations; changes wait for approval',
  audience: 'both',
  aiMetadata: {
    description:
      'Give a task to a team of agents (sales, content, finance, operations) that a supervisor leads, in process on LangGraph or in the AutoGen service. Writes wait for a person. Repeating the step in a run continues it.',
    idempotent: true,
  },
  props: {
    engine: Property.StaticDropdown({
      displayName: 'Engine',
      description: 'Where the team runs. AutoGen needs its service, named in the connection.',
      required: true,
      defaultValue: 'langgraph',
      options: {
        options: [
          { label: 'LangGraph, in this step', value: 'langgraph' },
          { label: 'AutoGen service', value: 'autogen' },
        ],
      },
    }),
    ...memberProps,
    ...agentProps,
    maxRounds: Property.Number({
      displayName: 'Most Rounds',
      description: 'How often the task may be handed to a member, 1 to 50.',
      required: false,
      defaultValue: 8,
    }),
    writeUrl: writeUrlProp,
  },
  outputSchema: {
    fields: [
      ...agentOutputFields,
      {
        key: 'said',
        label: 'Said',
        description: 'Who handed what to whom, and what came back',
        listItems: [
          { key: 'from', label: 'From' },
          { key: 'to', label: 'To' },
          { key: 'text', label: 'Text' },
        ],
      },
    ],
  },
  run: (context) => runTeamStep({ context, props: context.propsValue }),
});
