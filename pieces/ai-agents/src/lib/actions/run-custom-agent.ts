import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { agentOutputFields, agentProps } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { flowTools, readFlowTools, toolsProp } from '../custom-tools';
import { schemaFromJson } from '../json-schema';
import { mcpServersProp, mcpTools, readMcpServers } from '../mcp';
import { runAgentStep } from '../run-agent';
import { allowedHostsProp, toolGuard } from '../tool-guard';

const ANSWER_SCHEMA = {
  type: 'object',
  properties: { answer: { type: 'string', minLength: 1 } },
  required: ['answer'],
  additionalProperties: false,
};

export const runCustomAgentAction = createAction({
  name: 'run_custom_agent',
  auth: aiAgentsAuth,
  displayName: 'Run Custom Agent',
  description:
    'An agent with your own prompt, tools from flows and MCP servers, and output; changes wait for approval',
  audience: 'both',
  aiMetadata: {
    description:
      'Run an agent with a prompt, tools (webhooks of flows, MCP servers) and an output schema of its own. Tools that write wait for a person. Repeating the step in a run continues it.',
    idempotent: true,
  },
  props: {
    prompt: Property.LongText({
      displayName: 'Prompt',
      description: 'Who the agent is and how it works. Never put text from outside in here.',
      required: true,
    }),
    ...agentProps,
    tools: toolsProp,
    mcpServers: mcpServersProp,
    allowedHosts: allowedHostsProp,
    outputJsonSchema: Property.Json({
      displayName: 'Output Schema',
      description: 'JSON schema of the result. Empty: {"answer": "…"}.',
      required: false,
    }),
  },
  outputSchema: { fields: agentOutputFields },
  async run(context) {
    const { propsValue } = context;
    const prompt = parseInput('Prompt', propsValue.prompt, z.string().trim().min(1).max(50_000));
    const servers = readMcpServers(propsValue.mcpServers);
    const flows = readFlowTools(propsValue.tools);
    const connection = readConnection(context.auth);
    const given =
      parseJsonProp('Output Schema', propsValue.outputJsonSchema ?? {}, jsonObjectSchema.nullish()) ?? {};
    const output = schemaFromJson('Output Schema', Object.keys(given).length > 0 ? given : ANSWER_SCHEMA);
    return runAgentStep({
      context,
      props: propsValue,
      build: async () => {
        const { customAgent } = await import('@bizstack/agents/agents');
        const urls = [...flows, ...servers].map(({ url }) => url);
        const guard = await toolGuard(connection, propsValue.allowedHosts, urls);
        const tools = [...(await flowTools(flows, guard)), ...(await mcpTools(servers, guard))];
        return customAgent({ prompt, tools, output });
      },
    });
  },
});
