import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { type CheckOptions, checkPlugin } from './check';
import { BizPluginError } from './error';

const run = promisify(execFile);
const packedSchema = z.array(
  z.looseObject({
    filename: z.string(),
    size: z.number(),
    files: z.array(z.looseObject({ path: z.string() })),
  }),
);

export interface PackResult {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly files: readonly string[];
}

/**
 * Checks a built plugin and packs it as a tarball that NocoBase's plugin manager takes.
 * @throws BizPluginError `BIZ_PLUGIN_CHECK_FAILED` listing every problem, `BIZ_PLUGIN_PACK_FAILED`.
 */
export async function packPlugin(
  folder: string,
  out: string,
  options: CheckOptions = {},
): Promise<PackResult> {
  const dir = resolve(folder);
  const problems = checkPlugin(dir, options);
  if (problems.length > 0) {
    const lines = problems.map(({ code, message }) => `  ${code}: ${message}`);
    throw new BizPluginError('BIZ_PLUGIN_CHECK_FAILED', `The plugin would not load:\n${lines.join('\n')}`);
  }
  const target = resolve(out);
  mkdirSync(target, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', target], {
    cwd: dir,
    maxBuffer: 64 * 1024 * 1024,
  });
  const packed = packedSchema.safeParse(asList(JSON.parse(stdout)));
  const first = packed.data?.[0];
  if (first === undefined) {
    throw new BizPluginError(
      'BIZ_PLUGIN_PACK_FAILED',
      `npm pack answered something else than expected: ${stdout.slice(0, 300)}`,
    );
  }
  return { file: join(target, first.filename), size: first.size, files: first.files.map(({ path }) => path) };
}

/** npm 11 answers a list, npm 12 an object by package name. */
function asList(value: unknown): unknown {
  return Array.isArray(value) || typeof value !== 'object' || value === null ? value : Object.values(value);
}
