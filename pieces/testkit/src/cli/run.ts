import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { actionOf, runAction } from '../action';
import { FileStoreBackend, MemoryStoreBackend } from '../context/store';
import { isPlainObject, parseJson } from '../values';
import { loadConnections } from '../runner/connections';
import { loadTarget } from './target';

interface RunArguments {
  props: Record<string, unknown>;
  connections?: string;
  connection?: string;
  store?: string;
}

function jsonObject(text: string): Record<string, unknown> {
  const parsed = parseJson(text);
  if (!isPlainObject(parsed)) throw new InvalidArgumentError('It is a JSON object.');
  return parsed;
}

/** `run <target> <action>`: tries one action and prints what it did. */
export function addRun(program: Command): void {
  program
    .command('run')
    .description('run one action of a piece and print its result')
    .argument('<target>', 'tarball or folder of a piece')
    .argument('<action>', 'name of the action')
    .option('--props <json>', 'props of the action', jsonObject, {})
    .option('--connections <file>', 'connections.json; ${NAME} is taken from the environment')
    .option('--connection <id>', 'external id of the connection to use')
    .option('--store <file>', 'keep the store in this file')
    .action(async (target: string, name: string, options: RunArguments) => {
      const scratch = mkdtempSync(join(tmpdir(), 'bizstack-run-'));
      try {
        const { piece } = await loadTarget(target, scratch);
        const connections = loadConnections(options.connections);
        const auth = options.connection === undefined ? undefined : connections.get(options.connection);
        if (options.connection !== undefined && auth === undefined) {
          throw new InvalidArgumentError(`There is no connection "${options.connection}".`);
        }
        const { output, stopped, responded, tags, waitpoints, paused } = await runAction(
          actionOf(piece, name),
          {
            props: options.props,
            auth,
            store:
              options.store === undefined ? new MemoryStoreBackend() : new FileStoreBackend(options.store),
          },
        );
        process.stdout.write(
          `${JSON.stringify({ output, stopped, responded, tags, waitpoints, paused }, null, 2)}\n`,
        );
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    });
}
