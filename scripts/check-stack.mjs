// npm run check:stack [-- --root FOLDER] [--json]: checks the stack definition without Docker.
// Exit status: 0 nothing found, 1 findings, 2 wrong arguments.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkCompose } from '../stack/check/compose.mjs';
import { checkNginx } from '../stack/check/nginx.mjs';
import { RULE_NAMES, checkRules } from '../stack/check/rules/index.mjs';
import { checkShell } from '../stack/check/shell.mjs';

const { root, json } = readArguments();
const compose = checkCompose(root, (message) => console.error(`… ${message}`));
const nginx = checkNginx(root);
const findings = [...checkRules(root), ...checkShell(root), ...compose.findings, ...nginx.findings];
const skipped = [compose.skipped, nginx.skipped].filter((message) => message !== undefined);

if (json) {
  console.log(JSON.stringify({ findings, skipped }, null, 2));
} else {
  for (const { rule, file, message } of findings) {
    console.error(`${file}: ${message} [${rule}]`);
  }
  skipped.forEach((message) => console.error(`not checked: ${message}`));
  const names = [
    ...RULE_NAMES,
    'shell',
    ...(compose.skipped ? [] : ['compose']),
    ...(nginx.skipped ? [] : ['nginx']),
  ];
  console.log(
    findings.length === 0
      ? `The stack definition is sound (${names.length} checks).`
      : `${findings.length} found.`,
  );
}
process.exitCode = findings.length === 0 ? 0 : 1;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { root: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    return {
      root: resolve(values.root ?? resolve(dirname(fileURLToPath(import.meta.url)), '..')),
      json: values.json,
    };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}
