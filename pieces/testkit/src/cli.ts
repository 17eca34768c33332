#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { addBundle } from './cli/bundle';
import { addLint } from './cli/lint';
import { addRun } from './cli/run';
import { addRunFlows } from './cli/run-flows';
import { addStrings } from './cli/strings';
import { codeOf, describeError } from './errors';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')));

const program = new Command('bizstack-piece')
  .description('Run, lint and bundle Activepieces pieces, and run exported flows, without a server')
  .version(version);
addRunFlows(program);
addLint(program);
addBundle(program);
addRun(program);
addStrings(program);

program.parseAsync().then(
  () => {
    // Pieces may leave connections open; only run-flows has a reason to stay.
    if (program.args[0] !== 'run-flows') process.exit();
  },
  (error: unknown) => {
    process.stderr.write(`${codeOf(error) ?? 'BIZ_UNEXPECTED'}: ${describeError(error)}\n`);
    process.exit(1);
  },
);
