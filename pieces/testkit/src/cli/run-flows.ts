import { InvalidArgumentError, type Command } from 'commander';
import { runFlows } from '../runner';

interface RunFlowsArguments {
  flow: string[];
  pieces: string[];
  connections?: string;
  state: string;
  pollSeconds: number;
  concurrency: number;
  keepRuns: number;
  host: string;
  port: number;
  graceSeconds: number;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It is a number above 0.');
  return value;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('It is 0 to 65535.');
  return value;
}

/** `run-flows`: runs exported flows until SIGTERM or SIGINT. */
export function addRunFlows(program: Command): void {
  program
    .command('run-flows')
    .description('run exported flows on this machine (development and demo; production is Activepieces)')
    .requiredOption('--flow <file...>', 'exported flow, schemaVersion 20')
    .requiredOption('--pieces <path...>', 'folder of bundled pieces, or .tgz files')
    .requiredOption('--state <dir>', 'folder for runs, offsets and files')
    .option('--connections <file>', 'connections.json; ${NAME} is taken from the environment')
    .option('--poll-seconds <n>', 'between two polls that found nothing', positive, 1)
    .option('--concurrency <n>', 'runs at the same time', positive, 8)
    .option('--keep-runs <n>', 'ended runs that are kept', positive, 1_000)
    .option('--grace-seconds <n>', 'for runs under way when it is told to stop', positive, 20)
    .option('--host <address>', 'loopback address', '127.0.0.1')
    .option('--port <n>', '0 takes any free port', port, 0)
    .action(async (options: RunFlowsArguments) => {
      const running = await runFlows({
        flowFiles: options.flow,
        pieces: options.pieces,
        stateDir: options.state,
        connectionsFile: options.connections,
        pollSeconds: options.pollSeconds,
        concurrency: Math.max(1, Math.floor(options.concurrency)),
        keepRuns: options.keepRuns,
        host: options.host,
        port: options.port,
      });
      let stopping = false;
      const stop = (): void => {
        // A second signal means now.
        if (stopping) process.exit(1);
        stopping = true;
        running.stop(options.graceSeconds * 1_000).then(
          () => process.exit(0),
          () => process.exit(1),
        );
      };
      process.on('SIGTERM', stop);
      process.on('SIGINT', stop);
    });
}
