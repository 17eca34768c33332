import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { rootDir } from './clone';
import { credentialsCommand } from './commands/credentials';
import { doctorCommand } from './commands/doctor';
import { downCommand } from './commands/down';
import { logsCommand } from './commands/logs';
import { resetCommand } from './commands/reset';
import { seedCommand } from './commands/seed';
import { startCommand } from './commands/start';
import { statusCommand } from './commands/status';
import { upCommand } from './commands/up';
import { loadCommand } from './load';

const packageSchema = z.object({ version: z.string() });

export function createProgram(): Command {
  const { version } = packageSchema.parse(
    JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')),
  );
  const program = new Command('bizstack')
    .description('start, load, seed, inspect and check the stack')
    .version(version);
  program.addCommand(upCommand());
  program.addCommand(downCommand());
  program.addCommand(statusCommand());
  program.addCommand(logsCommand());
  program.addCommand(doctorCommand());
  program.addCommand(seedCommand());
  program.addCommand(credentialsCommand());
  program.addCommand(resetCommand());
  program.addCommand(loadCommand(rootDir()));
  program.addCommand(startCommand());
  return program;
}
