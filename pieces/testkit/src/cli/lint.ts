import type { Command } from 'commander';
import { lintPiece, type LintReport } from '../lint/lint';
import { RULES } from '../lint/rules';

interface LintArguments {
  serverVersion: string;
  skip: string[];
  json?: boolean;
}

/** `lint <target>…`: exits with 1 when a rule is broken. */
export function addLint(program: Command): void {
  program
    .command('lint')
    .description('check tarballs, package folders or source folders of pieces')
    .argument('<target...>', 'tarball or folder')
    .option('--server-version <x.y.z>', 'oldest server that must see the piece', '0.83.0')
    .option('--skip <rule...>', `rules that are not asked: ${RULES.map(({ id }) => id).join(', ')}`, [])
    .option('--json', 'print the reports as JSON')
    .action(async (targets: string[], { serverVersion, skip, json }: LintArguments) => {
      const reports: LintReport[] = [];
      for (const target of targets) reports.push(await lintPiece(target, { serverVersion, skip }));
      process.stdout.write(
        json === true ? `${JSON.stringify(reports, null, 2)}\n` : reports.map(format).join(''),
      );
      if (reports.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
    });
}

function format({ name, version, size, heapMb, findings }: LintReport): string {
  const head = `${name} ${version}: ${(size / 1024).toFixed(0)} KB, ${heapMb === undefined ? 'does not load' : `${heapMb.toFixed(1)} MB of heap`}`;
  const lines = findings.map(({ rule, message }) => `  ${rule.padEnd(18)} ${message}\n`).join('');
  return `${head}, ${findings.length === 0 ? 'fine' : `${findings.length} findings`}\n${lines}`;
}
