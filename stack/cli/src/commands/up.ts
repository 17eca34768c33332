import { Command } from 'commander';
import { clonePaths } from '../clone';
import { startDetached } from '../detached';
import { summary } from '../summary';
import { addRunOptions, runStack, type RunOptions } from './run-stack';

/** `bizstack up`. Exit status: 0 after a clean stop, or with --detach once all runs; 1 when it did not start. */
export function upCommand(): Command {
  return addRunOptions(new Command('up'))
    .description('start the stack and stay until Ctrl-C')
    .option('--detach', 'return when all runs; stop it with: bizstack down')
    .action(async (options: RunOptions & { detach?: boolean }) => {
      if (options.detach === true) {
        const args = process.argv.slice(2).filter((arg) => arg !== '--detach');
        process.exitCode = await startDetached(args, clonePaths());
        return;
      }
      const send = process.send?.bind(process);
      const show = (line: string): void => {
        if (send && process.connected) send({ line });
        else if (!send) console.log(line);
      };
      process.exitCode = await runStack(options, show, async (stack) => {
        for (const line of summary(stack)) show(line);
        if (send && process.connected) send({ ready: true });
      });
      process.exit();
    });
}
