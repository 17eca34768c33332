import { rmSync } from 'node:fs';
import { BizError } from '@bizstack/contracts';
import { Command } from 'commander';
import { clonePaths, openStack, supervisorPid } from '../clone';

/** `bizstack reset --yes`. Exit status: 0 when the data is gone, 1 when the stack runs or nobody said yes. */
export function resetCommand(): Command {
  return new Command('reset')
    .description('remove all data, logs and secrets of this clone; downloads stay')
    .option('--yes', 'really')
    .action(async ({ yes }: { yes?: boolean }) => {
      const paths = clonePaths();
      const pid = supervisorPid(paths);
      if (pid !== undefined) {
        throw new BizError('BIZ_CLI_STILL_RUNNING', `The stack runs (process ${pid}).`, {
          hint: 'Stop it first: bizstack down.',
        });
      }
      if (yes !== true) {
        throw new BizError(
          'BIZ_CLI_NOT_CONFIRMED',
          `This removes everything in ${paths.stateDir}: databases, topics, secrets.`,
          {
            hint: 'Say it is meant: bizstack reset --yes.',
          },
        );
      }
      await openStack().reset();
      for (const dir of [paths.dataDir, paths.logDir, paths.secretDir])
        rmSync(dir, { recursive: true, force: true });
      console.log('All data of this clone is removed.');
    });
}
