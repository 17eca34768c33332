import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PROFILES } from '../services';

const servicesSchema = z.object({ testEnvironmentOptions: z.object({ services: z.array(z.string()) }) });
const projectSchema = z.object({
  displayName: z.union([z.string(), z.object({ name: z.string() })]).optional(),
  testEnvironmentOptions: z.object({ services: z.array(z.string()).optional() }).optional(),
});

export interface JestRun {
  /** Folders or config files of the projects of this run. */
  readonly projects?: readonly string[];
  readonly selectProjects?: readonly string[];
}

/**
 * Services that this Jest run needs. Jest calls one global setup for all projects that share it and hands over the
 * first project only, so the configs of the others are read here.
 */
export function servicesOfRun(run: JestRun, firstProject: unknown): string[] {
  const override = process.env['BIZSTACK_TEST_SERVICES'];
  const names = new Set<string>(override ? override.split(',').filter(Boolean) : namesOf(run, firstProject));
  if (names.delete('stack')) for (const name of PROFILES['lead'] ?? []) names.add(name);
  return [...names].sort();
}

function namesOf(run: JestRun, firstProject: unknown): string[] {
  const first = servicesSchema.safeParse(firstProject);
  const names = first.success ? [...first.data.testEnvironmentOptions.services] : [];
  for (const path of run.projects ?? []) {
    const file = configFile(path);
    if (file === undefined) continue;
    const config = projectSchema.safeParse(loadConfig(file));
    if (!config.success) continue;
    const { displayName, testEnvironmentOptions } = config.data;
    const name = typeof displayName === 'string' ? displayName : displayName?.name;
    const selected = run.selectProjects;
    if (selected && selected.length > 0 && (name === undefined || !selected.includes(name))) continue;
    names.push(...(testEnvironmentOptions?.services ?? []));
  }
  return names;
}

function configFile(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  if (statSync(path).isFile()) return path;
  const file = join(path, 'jest.config.cjs');
  return existsSync(file) ? file : undefined;
}

function loadConfig(file: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- Jest's configs are CommonJS files known at run time only
  return require(file);
}
