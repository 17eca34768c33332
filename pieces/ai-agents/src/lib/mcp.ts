import type { Tool } from '@bizstack/agents/tools';
import { Property } from '@activepieces/pieces-framework';
import { BizError, jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { inputFromJson } from './json-schema';
import { McpClient } from './mcp-client';
import type { ToolGuard } from './tool-guard';

export const mcpServersProp = Property.Json({
  displayName: 'MCP Servers',
  description:
    'Tools of MCP servers (streamable HTTP): [{"name": "crm", "url", "headers": {}, "tools": {"find_customer": "read"}}]. Only the tools that are named are offered, with the label given here.',
  required: false,
});

const serversSchema = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[a-z][a-z0-9_]{0,20}$/, 'lower-case letters, digits and _'),
      url: z.string(),
      headers: z.record(z.string(), z.string()).default({}),
      tools: z.record(z.string().min(1), z.enum(['read', 'write', 'destructive'])),
    }),
  )
  .max(10)
  .nullish()
  .transform((servers) => servers ?? []);
export type McpServer = z.output<typeof serversSchema>[number];

/** @throws BizError `BIZ_INPUT_INVALID` */
export function readMcpServers(given: unknown): McpServer[] {
  return parseJsonProp('MCP Servers', given ?? [], serversSchema);
}

/**
 * The named tools of the servers as `<server>_<tool>`. The label is the flow's author's: what a server says about
 * its own tools is not trusted.
 * @throws BizError `BIZ_AI_ENDPOINT_…`, `BIZ_AI_MCP_TOOL_MISSING`, `BIZ_AGENTS_HOST_REFUSED`
 */
export async function mcpTools(servers: readonly McpServer[], guard: ToolGuard): Promise<Tool[]> {
  if (servers.length === 0) return [];
  const { defineTool } = await import('@bizstack/agents/tools');
  const all = await Promise.all(
    servers.map(async ({ name, url, headers, tools }) => {
      guard.check(`MCP Servers, ${name}`, url);
      const client = new McpClient({ name, url, headers }, guard.fetch);
      const known = new Map((await client.listTools()).map((tool) => [tool.name, tool]));
      return Object.entries(tools).map(([wanted, label]) => {
        const tool = known.get(wanted);
        if (tool === undefined) {
          throw new BizError('BIZ_AI_MCP_TOOL_MISSING', `The MCP server "${name}" has no tool "${wanted}".`, {
            hint: `It has: ${[...known.keys()].slice(0, 20).join(', ') || 'none'}.`,
          });
        }
        const own = `${name}_${wanted}`
          .toLowerCase()
          .replace(/[^a-z0-9_]/g, '_')
          .slice(0, 64);
        return defineTool({
          name: own,
          description: (tool.description ?? wanted).slice(0, 1_000),
          label,
          input: inputFromJson(`MCP tool ${wanted}`, jsonObjectSchema.parse(tool.inputSchema)),
          run: (input, { signal }) => client.callTool(wanted, input, signal),
        });
      });
    }),
  );
  return all.flat();
}
