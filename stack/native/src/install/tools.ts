import { execFile } from 'node:child_process';
import { promisify, stripVTControlCharacters } from 'node:util';
import { BizError } from '@bizstack/contracts';
import type { ServiceDriver, ToolRequirement } from '../driver';

const run = promisify(execFile);

export interface MissingTool {
  readonly tool: ToolRequirement;
  readonly services: readonly string[];
  /** Version that was found, when it is too old. */
  readonly found?: string;
}

/** Looks for every tool that the services need; each tool is tried once. */
export async function findMissingTools(
  drivers: readonly Pick<ServiceDriver, 'name' | 'requires'>[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<MissingTool[]> {
  const wanted = new Map<string, { tool: ToolRequirement; services: string[] }>();
  for (const driver of drivers) {
    for (const tool of driver.requires) {
      const key = `${tool.command} ${tool.minimum ?? ''} ${tool.optional === true}`;
      const entry = wanted.get(key) ?? { tool, services: [] };
      entry.services.push(driver.name);
      wanted.set(key, entry);
    }
  }
  const results = await Promise.all(
    [...wanted.values()].map(async ({ tool, services }): Promise<MissingTool | undefined> => {
      const found = await toolVersion(tool, env);
      if (found === undefined) return { tool, services };
      return tool.minimum !== undefined && compareVersions(found, tool.minimum) < 0
        ? { tool, services, found }
        : undefined;
    }),
  );
  return results.filter((result) => result !== undefined);
}

/** @throws BizError `BIZ_NATIVE_TOOL_MISSING` naming all that is missing at once, with the commands that install it. */
export function requireTools(missing: readonly MissingTool[]): void {
  const needed = missing.filter(({ tool }) => tool.optional !== true);
  if (needed.length === 0) return;
  const lines = needed.map(({ tool, services, found }) => {
    const what = found === undefined ? 'is missing' : `is ${found}, too old`;
    const version = tool.minimum === undefined ? '' : ` ${tool.minimum} or newer`;
    return `  ${tool.command}${version} ${what} (for ${services.join(', ')}). Install it: ${tool.install}`;
  });
  throw new BizError(
    'BIZ_NATIVE_TOOL_MISSING',
    `This machine lacks programs that the stack needs:\n${lines.join('\n')}\n`,
    {
      hint: 'Nothing has been downloaded yet. Install them and run the command again.',
      details: { tools: needed.map(({ tool }) => tool.command) },
    },
  );
}

/** The first version number that the tool prints; undefined when it cannot be run. */
async function toolVersion(tool: ToolRequirement, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(tool.command, [...(tool.versionArgs ?? ['--version'])], {
      env,
      timeout: 60_000,
    });
    return /\d+(\.\d+)*/.exec(stripVTControlCharacters(`${stdout}\n${stderr}`))?.[0] ?? '0';
  } catch {
    return undefined;
  }
}

/** Negative when `a` is older than `b`; compares number by number. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
