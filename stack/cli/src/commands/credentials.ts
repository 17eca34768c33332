import { maskFacts } from '@bizstack/native';
import { Command } from 'commander';
import { clonePaths, factsOf, openStack } from '../clone';

/** `bizstack credentials`. Exit status: 0, or 1 for an unknown service. */
export function credentialsCommand(): Command {
  return new Command('credentials')
    .description('addresses and accounts of the services; passwords only with --show')
    .argument('[service]', 'one service instead of all')
    .option('--show', 'print the secrets')
    .option('--json', 'print JSON')
    .action((service: string | undefined, { show, json }: { show?: boolean; json?: boolean }) => {
      const stack = openStack();
      const names = service === undefined ? stack.order.map((driver) => driver.name) : [service];
      const all = Object.fromEntries(
        names.map((name) => [name, show ? factsOf(stack, name) : maskFacts(stack.factsOf(name))]),
      );
      if (json) {
        console.log(JSON.stringify(all, null, 2));
        return;
      }
      for (const [name, facts] of Object.entries(all)) {
        console.log(name);
        for (const [key, value] of Object.entries(facts)) console.log(`  ${key.padEnd(28)} ${value}`);
      }
      console.log(`\nSecrets are kept in ${clonePaths().secretDir}, readable by you alone.`);
      if (!show) console.log('Show them: npm run bizstack -- credentials --show');
    });
}
