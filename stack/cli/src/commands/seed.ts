import { Command } from 'commander';
import { openStack } from '../clone';
import { doctorAccess } from '../doctor/access';
import { seed } from '../seed/seed';

/** `bizstack seed`. Exit status: 0 when all demo leads are in the CRM. */
export function seedCommand(): Command {
  return new Command('seed')
    .description('send the demo leads through the CRM; doing it again adds nothing')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const report = await seed(doctorAccess(openStack()));
      console.log(
        json
          ? JSON.stringify(report)
          : `${report.leads} demo leads are in the CRM (${report.duplicates} joined to a lead that was there).`,
      );
    });
}
