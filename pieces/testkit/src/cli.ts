#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { addBundle } from './cli/bundle';
import { addRunFlows } from './cli/run-flows';
import { codeOf, describeError } from './errors';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')));

const program = new Command('bizstack-piece')
  .description('Run, lint and bundle Activepieces pieces, and run exported flows, without a server')
  .version(version);
addRunFlows(program);
addBundle(program);

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${codeOf(error) ?? 'BIZ_UNEXPECTED'}: ${describeError(error)}\n`);
  process.exit(1);
});
