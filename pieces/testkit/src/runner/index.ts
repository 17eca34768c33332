import { join } from 'node:path';
import { loadFlows } from '../flow/load';
import { jsonLog, Redactor, type RunnerLog } from '../log';
import { type LoadedPiece, loadPieces } from '../piece/load';
import { WEBHOOK_PIECE_NAME, webhookPiece } from '../piece/webhook';
import { loadConnections } from './connections';
import { listen } from './http';
import { FlowRunner, type RunnerOptions } from './runner';

export interface RunFlowsOptions extends Pick<
  RunnerOptions,
  'concurrency' | 'keepRuns' | 'retryBaseMs' | 'flowTimeoutMs' | 'syncTimeoutMs'
> {
  flowFiles: readonly string[];
  /** Folders with bundled pieces, or .tgz files. */
  pieces: readonly string[];
  connectionsFile?: string;
  stateDir: string;
  pollSeconds?: number;
  host?: string;
  /** 0, the default, takes any free port. */
  port?: number;
  log?: RunnerLog;
  environment?: NodeJS.ProcessEnv;
}

export interface RunningFlows {
  /** Ends with a slash. */
  readonly baseUrl: string;
  readonly runner: FlowRunner;
  /** Takes nothing new, gives what runs `graceMs` to end, and leaves the rest for the next start. */
  stop(graceMs?: number): Promise<void>;
}

/** Checks flows, pieces and connections, then runs them. Rejects with a coded error before anything ran. */
export async function runFlows(options: RunFlowsOptions): Promise<RunningFlows> {
  const redactor = new Redactor();
  const log = options.log ?? jsonLog(redactor);
  const connections = loadConnections(options.connectionsFile, options.environment);
  redactor.add(connections.secrets);
  const pieces = await loadPieces(options.pieces, join(options.stateDir, 'pieces'));
  if (!pieces.has(WEBHOOK_PIECE_NAME)) pieces.set(WEBHOOK_PIECE_NAME, builtInWebhook());
  const flows = options.flowFiles.flatMap((file) =>
    loadFlows(file, { pieces, connections: connections.ids, warn: (message) => log('warn', message) }),
  );
  const { concurrency, keepRuns, retryBaseMs, flowTimeoutMs, syncTimeoutMs, stateDir, pollSeconds } = options;
  const runner = await FlowRunner.open({
    flows,
    connections,
    stateDir,
    log,
    redactor,
    concurrency,
    keepRuns,
    retryBaseMs,
    flowTimeoutMs,
    syncTimeoutMs,
    pollMs: pollSeconds === undefined ? undefined : pollSeconds * 1_000,
  });
  let server: Awaited<ReturnType<typeof listen>>;
  try {
    server = await listen({
      runner,
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      log,
      redactor,
    });
  } catch (error) {
    await runner.stop(0);
    throw error;
  }
  log('info', 'listening', { url: server.baseUrl, flows: flows.map(({ id }) => id) });
  runner.start(server.baseUrl);
  return {
    baseUrl: server.baseUrl,
    runner,
    stop: async (graceMs = 20_000) => {
      await runner.stop(graceMs);
      await server.close();
      log('info', 'stopped');
    },
  };
}

/** Satisfies every version: it stands for the two operations, not for a release. */
function builtInWebhook(): LoadedPiece {
  return { name: WEBHOOK_PIECE_NAME, version: '*', directory: __dirname, piece: webhookPiece };
}
