import { Command, InvalidArgumentError } from 'commander';
import { openStack } from '../clone';
import { doctorAccess } from '../doctor/access';
import { type DoctorReport, examine, type HopResult } from '../doctor/doctor';
import type { Stack } from '@bizstack/native';

const DEFAULT_TIMEOUT_S = 60;

/** `bizstack doctor`. Exit status: 0 when the lead went all the way and was removed, 1 otherwise. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('send one marked lead all the way, show each hop with its time, and remove it again')
    .option('--json', 'print JSON')
    .option('--timeout <seconds>', 'for each hop', parseSeconds, DEFAULT_TIMEOUT_S)
    .action(async ({ json, timeout }: { json?: boolean; timeout: number }) => {
      const report = await runDoctor(openStack(), timeout * 1000, (line) => !json && console.log(line));
      if (json) console.log(JSON.stringify(report, null, 2));
      if (!report.ok) process.exitCode = 1;
    });
}

export async function runDoctor(
  stack: Stack,
  timeoutMs: number,
  show: (line: string) => void,
): Promise<DoctorReport> {
  const report = await examine(doctorAccess(stack), { timeoutMs, onHop: (hop) => show(hopLine(hop)) });
  for (const line of report.left) show(`! not removed: ${line}`);
  show(report.ok ? 'The lead went all the way; it is removed again.' : 'The lead did not go all the way.');
  return report;
}

function hopLine({ ok, title, atMs, found, problem, logFile }: HopResult): string {
  const line = `${ok ? '✓' : '✗'} ${title.padEnd(30)} ${(atMs / 1000).toFixed(2).padStart(7)} s  ${found ?? problem ?? ''}`;
  return ok || logFile === undefined ? line : `${line}\n  Read: ${logFile}`;
}

function parseSeconds(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('It is a number of seconds.');
  return Number(text);
}
