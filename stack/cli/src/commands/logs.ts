import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BizError } from '@bizstack/contracts';
import { tailOf } from '@bizstack/native';
import { Command, InvalidArgumentError } from 'commander';
import { clonePaths } from '../clone';

/** `bizstack logs <service>`. Exit status: 0, or 1 when there is no such log. */
export function logsCommand(): Command {
  return new Command('logs')
    .description('the log of a service, or of the supervisor')
    .argument('[service]', 'service name, or supervisor', 'supervisor')
    .option('-f, --follow', 'go on showing what is added')
    .option('-n, --lines <number>', 'how many of the last lines', parseLines, 100)
    .action(async (service: string, { follow, lines }: { follow?: boolean; lines: number }) => {
      const { logDir } = clonePaths();
      const file = join(logDir, `${service}.log`);
      if (!/^[a-z0-9-]+$/.test(service) || !existsSync(file)) {
        const names = existsSync(logDir) ? readdirSync(logDir).filter((name) => name.endsWith('.log')) : [];
        throw new BizError('BIZ_CLI_NO_LOG', `There is no log of "${service}".`, {
          hint: `Logs: ${names.map((name) => name.slice(0, -4)).join(', ') || 'none yet'}.`,
        });
      }
      const start = statSync(file).size;
      for (const line of tailOf(file, lines)) console.log(line);
      if (follow) await followFile(file, start);
    });
}

function parseLines(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It is a number of lines.');
  return Number(text);
}

/** Prints what is appended, and goes on with the new file when the log is rotated. */
async function followFile(file: string, from: number): Promise<never> {
  let position = from;
  let inode = statSync(file).ino;
  for (;;) {
    const now = statSync(file, { throwIfNoEntry: false });
    if (now && (now.ino !== inode || now.size < position)) {
      inode = now.ino;
      position = 0;
    }
    if (now && now.size > position) position += print(file, position, now.size - position);
    else await sleep(200);
  }
}

function print(file: string, position: number, length: number): number {
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(length, 1_048_576));
    const read = readSync(fd, buffer, 0, buffer.length, position);
    process.stdout.write(buffer.subarray(0, read));
    return read;
  } finally {
    closeSync(fd);
  }
}
