import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

/** Where the build puts the workflows, ready for the sandbox: plain, and with tracing. */
export const BUNDLES = {
  plain: join(__dirname, 'bundle', 'workflows.js'),
  traced: join(__dirname, 'bundle', 'workflows-traced.js'),
} as const;

/** Bundles the compiled workflows, so that a worker starts without a bundler. */
export async function buildBundles(): Promise<void> {
  mkdirSync(join(__dirname, 'bundle'), { recursive: true });
  for (const [kind, file] of Object.entries(BUNDLES)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(__dirname, 'workflows', 'index.js'),
      ...(kind === 'traced'
        ? { workflowInterceptorModules: [join(__dirname, 'workflows', 'tracing.js')] }
        : {}),
    });
    writeFileSync(`${file}.new`, code);
    renameSync(`${file}.new`, file);
  }
}

if (require.main === module) {
  buildBundles().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  });
}
