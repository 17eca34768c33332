// npm start: installs what is missing, starts the stack, sends one lead through it and stays.
import { join } from 'node:path';
import { NODE, ROOT, bootstrap, run } from './lib/bootstrap.mjs';

const args = process.argv.slice(2);
if (args.includes('--docker')) {
  await import('./docker.mjs');
} else {
  await bootstrap({ browser: false });
  process.exitCode = await run(NODE, [join(ROOT, 'stack/cli/bin/bizstack.js'), 'start', ...args]);
}
