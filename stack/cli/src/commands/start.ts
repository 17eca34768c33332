import { Command } from 'commander';
import { doctorAccess } from '../doctor/access';
import { seed } from '../seed/seed';
import { summary } from '../summary';
import { runDoctor } from './doctor';
import { addRunOptions, runStack, type RunOptions } from './run-stack';

const DOCTOR_TIMEOUT_MS = 60_000;

/**
 * `bizstack start`: what `npm start` calls. Starts the stack, which loads plugins and flows as it starts, sends the
 * demo leads and one marked lead, and stays. A doctor that finds a fault is reported; the stack stays up to be looked at.
 */
export function startCommand(): Command {
  return addRunOptions(new Command('start'))
    .description('up, seed and doctor in one; stays until Ctrl-C')
    .option('--no-seed', 'without demo leads')
    .action(async (options: RunOptions & { seed: boolean }) => {
      const began = Date.now();
      process.exitCode = await runStack(
        options,
        (line) => console.log(line),
        async (stack) => {
          const services = new Set(stack.order.map((driver) => driver.name));
          if (services.has('nocobase') && services.has('flows')) {
            const access = doctorAccess(stack);
            if (options.seed) {
              const { leads } = await seed(access);
              console.log(`\n${leads} demo leads are in the CRM.`);
            }
            console.log('\nOne lead, all the way:');
            await runDoctor(stack, DOCTOR_TIMEOUT_MS, (line) => console.log(line));
          }
          console.log(
            `\nThe stack runs (${((Date.now() - began) / 1000).toFixed(0)} s). Ctrl-C stops it; data is kept.`,
          );
          for (const line of summary(stack)) console.log(line);
        },
      );
      process.exit();
    });
}
