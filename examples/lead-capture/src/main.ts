#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { messageOf } from '@bizstack/contracts';
import { accessOf, factsOfClone, stateDirOfClone, webhookOf } from './access';
import { readCourseLeads } from './course-leads';
import { generateLeads } from './generated-leads';
import { killService, parseKills } from './kill';
import { formatReport, sendAndFollow } from './run';

const USAGE = `Sends leads through the running stack and counts them at every station.

npm run leads -w @bizstack/example-lead-capture -- [options]

  --file CSV        leads of a course provider (default: generated ones)
  --count N         how many (default: 50, or the whole file)
  --concurrency N   posts at the same time (default: 8)
  --batch NAME      name of this batch; the same name and leads again add nothing (default: the time)
  --timeout N       seconds to wait for the last score (default: 600)
  --kill S@N,...    kill -9 of service S of the native stack once N leads are posted, as in kafka@500
  --json            the report as JSON`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      file: { type: 'string', default: process.env['BIZSTACK_LEADS_CSV'] },
      count: { type: 'string' },
      concurrency: { type: 'string', default: '8' },
      batch: { type: 'string', default: new Date().toISOString().replace(/\D/g, '').slice(0, 14) },
      timeout: { type: 'string', default: '600' },
      kill: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void console.log(USAGE);
  const count = values.count === undefined ? undefined : natural('--count', values.count);
  const kills = values.kill === undefined ? [] : parseKills(values.kill);
  const facts = factsOfClone();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = await sendAndFollow({
    endpoint: webhookOf(facts),
    access: accessOf(facts),
    leads: values.file === undefined ? generateLeads(count ?? 50) : readCourseLeads(values.file),
    count: count ?? Infinity,
    batch: values.batch,
    concurrency: natural('--concurrency', values.concurrency),
    timeoutMs: natural('--timeout', values.timeout) * 1000,
    onProgress: say,
    onPosted: (posted) => {
      for (const { service } of kills.filter(({ afterPosted }) => afterPosted === posted)) {
        say(`kill -9 of ${service}, process ${killService(stateDirOfClone(), service)}`);
      }
    },
  });
  console.log(values.json ? JSON.stringify(report) : formatReport(report));
  if (!report.complete) process.exitCode = 1;
}

function natural(name: string, value: string): number {
  if (!/^[1-9]\d{0,7}$/.test(value))
    throw new Error(`${name} must be a whole number above 0, not "${value}".`);
  return Number(value);
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
