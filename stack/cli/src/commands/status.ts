import { readStatus, type StackStatus } from '@bizstack/native';
import { Command } from 'commander';
import { clonePaths } from '../clone';
import { memoryOf } from '../memory';

/** `bizstack status`. Exit status: 0 when every service runs, 1 otherwise. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what runs, since when, with how much memory')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => {
      const status = readStatus(clonePaths().runDir);
      if (status === undefined) {
        console.log(
          json
            ? JSON.stringify({ running: false, services: [] })
            : 'The stack does not run. Start it: npm start',
        );
        process.exitCode = 1;
        return;
      }
      const services = withMemory(status);
      const memoryMb = services.reduce((sum, service) => sum + (service.memoryMb ?? 0), 0);
      if (json) console.log(JSON.stringify({ running: true, ...status, memoryMb, services }, null, 2));
      else console.log(table(status, services, memoryMb));
      if (services.some((service) => service.state !== 'running' && !service.background))
        process.exitCode = 1;
    });
}

type ServiceRow = StackStatus['services'][number] & { memoryMb: number | undefined };

function withMemory(status: StackStatus): ServiceRow[] {
  const pids = status.services.flatMap((service) => service.processes.flatMap(({ pid }) => pid ?? []));
  const memory = memoryOf(pids);
  return status.services.map((service) => {
    const parts = service.processes.flatMap(({ pid }) => (pid === undefined ? [] : (memory.get(pid) ?? [])));
    return {
      ...service,
      memoryMb: parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part, 0),
    };
  });
}

function table(status: StackStatus, services: readonly ServiceRow[], memoryMb: number): string {
  const rows = services.map((service) =>
    [
      service.name.padEnd(11),
      service.state.padEnd(11),
      (service.memoryMb === undefined ? '' : `${service.memoryMb} MB`).padStart(8),
      (service.processes.map(({ pid }) => pid ?? '–').join(' ') || '–').padStart(8),
      (service.restarts === 0 ? '' : `${service.restarts} restarts`).padEnd(11),
      [service.title, service.version].filter(Boolean).join(' '),
      service.detail === '' ? '' : `(${service.detail})`,
    ]
      .join('  ')
      .trimEnd(),
  );
  const lacks = services.flatMap((service) => service.lacks.map((line) => `  ${service.name}: ${line}`));
  return [
    ...rows,
    '',
    `${memoryMb} MB in all; ports from ${status.basePort}; since ${status.startedAt}; supervisor ${status.pid}`,
    ...(lacks.length === 0 ? [] : ['Missing beside the production images:', ...lacks]),
  ].join('\n');
}
