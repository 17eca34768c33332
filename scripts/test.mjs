// npm test: installs what is missing, then every check of the repository; the last line counts them all.
// Arguments go to Jest: npm test -- pieces/kafka
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, ROOT, bootstrap, run } from './lib/bootstrap.mjs';

const BIN = join(ROOT, 'node_modules/.bin');
const REPORT = join(ROOT, '.bizstack/jest-report.json');
const args = process.argv.slice(2);

await bootstrap({ browser: true });

let passed = 0;
let failed = 0;

/** @param {string} title @param {string[]} command */
async function check(title, command) {
  const started = Date.now();
  console.log(`\n== ${title}`);
  const code = await run(NODE, command);
  if (code === 0) passed += 1;
  else failed += 1;
  console.log(
    `== ${title}: ${code === 0 ? 'passed' : `FAILED (exit ${code})`} in ${Math.round((Date.now() - started) / 1000)} s`,
  );
}

if (args.length === 0) {
  await check('types', [join(BIN, 'tsc'), '-p', 'tsconfig.test.json']);
  await check('lint', [join(BIN, 'eslint'), '.']);
  await check('format', [join(BIN, 'prettier'), '--check', '--log-level=warn', '.']);
  await check('stack definition', [join(ROOT, 'scripts/check-stack.mjs')]);
  await check('packages', [join(ROOT, 'scripts/pack.mjs')]);
}

mkdirSync(join(ROOT, '.bizstack'), { recursive: true, mode: 0o700 });
rmSync(REPORT, { force: true });
const code = await run(NODE, [
  join(BIN, 'jest'),
  '--maxWorkers=2',
  '--json',
  `--outputFile=${REPORT}`,
  '--testTimeout=120000',
  ...args,
]);
if (existsSync(REPORT)) {
  const report = JSON.parse(readFileSync(REPORT, 'utf8'));
  passed += report.numPassedTests;
  // A suite that could not even start has no failed test of its own.
  failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
}
if (code !== 0 && failed === 0) failed = 1;
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
