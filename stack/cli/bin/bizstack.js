#!/usr/bin/env node
// Runs the compiled command line on the Node that npm brought, so that every part of the stack runs on one version.
const { spawn } = require('node:child_process');
const { existsSync, realpathSync } = require('node:fs');
const { join } = require('node:path');

const own = join(__dirname, '..', '..', '..', 'node_modules', '.bin', 'node');
const main = join(__dirname, '..', 'dist', 'main.js');

if (!existsSync(main)) {
  console.error(`${main} is missing. Run npm start once, or: npm ci && npm run build`);
  process.exitCode = 1;
} else if (
  existsSync(own) &&
  realpathSync(own) !== realpathSync(process.execPath) &&
  Number(process.versions.node.split('.')[0]) < 22
) {
  const child = spawn(own, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to both; the child decides when it is done.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
} else {
  require(main);
}
