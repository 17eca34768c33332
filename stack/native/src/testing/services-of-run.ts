import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { PROFILES } from '../services';

const servicesSchema = z.object({ testEnvironmentOptions: z.object({ services: z.array(z.string()) }) });
const projectSchema = z.object({
  testEnvironmentOptions: z.object({ services: z.array(z.string()).optional() }).optional(),
});

export interface JestRun {
  /** Folders or config files of the projects of this run. */
  readonly projects?: readonly string[];
  /** What the person asked for: `jest pieces/kafka`. */
  readonly testPathPatterns?: { readonly patterns: readonly string[] };
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
    if (!hasMatchingTest(dirname(file), run.testPathPatterns?.patterns ?? [])) continue;
    names.push(...(config.data.testEnvironmentOptions?.services ?? []));
  }
  return names;
}

/** True when the run has no patterns, or one of them is part of the path of a test of that package. */
function hasMatchingTest(packageDir: string, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true;
  const expressions = patterns.map((pattern) => new RegExp(pattern, 'i'));
  return ['test', 'src'].some((folder) => {
    const dir = join(packageDir, folder);
    if (!existsSync(dir)) return false;
    return readdirSync(dir, { recursive: true, encoding: 'utf8' }).some(
      (name) =>
        name.endsWith('.test.ts') && expressions.some((expression) => expression.test(join(dir, name))),
    );
  });
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
