import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { z } from 'zod';
import { BizError, describeError } from '../errors';
import { parseJson } from '../values';

const CHILD = join(__dirname, '..', '..', 'runtime', 'code-child.cjs');

const answerSchema = z.union([
  z.object({ id: z.number(), ok: z.literal(true), output: z.string() }),
  z.object({ id: z.number(), ok: z.literal(false), message: z.string() }),
]);

/**
 * Compiles the TypeScript of a CODE step to CommonJS.
 * @throws BizError `BIZ_FLOW_CODE_SYNTAX`.
 */
export function compileCode(source: string): string {
  try {
    return transformSync(source, { loader: 'ts', format: 'cjs', target: 'node20', logLevel: 'silent' }).code;
  } catch (cause) {
    throw new BizError('BIZ_FLOW_CODE_SYNTAX', `The code does not compile: ${describeError(cause)}`, {
      cause,
    });
  }
}

export interface CodePoolOptions {
  /** Idle processes that are kept; a busy one is never shared. */
  maxIdle?: number;
  /** MB of heap of one process. */
  maxHeapMb?: number;
}

/**
 * Runs CODE steps in processes of their own: no environment variables, and, where Node.js has its permission model,
 * no files, no child processes and no workers. A process that exceeds its time is killed and replaced.
 */
export class CodePool {
  private readonly idle: ChildProcess[] = [];
  private readonly busy = new Set<ChildProcess>();
  private nextId = 1;
  private closed = false;

  constructor(private readonly options: CodePoolOptions = {}) {}

  /**
   * Rejects with `BIZ_FLOW_CODE_FAILED` when the code throws, `BIZ_FLOW_CODE_TIMEOUT` after `timeoutMs` and
   * `BIZ_FLOW_CODE_CRASHED` when the process dies.
   */
  async run(code: string, inputs: Record<string, unknown>, timeoutMs: number): Promise<unknown> {
    if (this.closed)
      throw new BizError('BIZ_FLOW_CODE_CRASHED', 'The runner is stopping.', { retryable: true });
    const child = this.idle.pop() ?? this.spawn();
    this.busy.add(child);
    // Channel and process hold the event loop only while a step waits for them.
    child.ref();
    child.channel?.ref();
    const id = this.nextId++;
    try {
      const answer = await this.ask(child, { id, code, inputs }, timeoutMs);
      this.release(child);
      if (!answer.ok) throw new BizError('BIZ_FLOW_CODE_FAILED', answer.message);
      return parseJson(answer.output) ?? null;
    } catch (error) {
      if (!this.idle.includes(child)) child.kill('SIGKILL');
      throw error;
    } finally {
      this.busy.delete(child);
    }
  }

  /** Kills every process. */
  close(): void {
    this.closed = true;
    for (const child of [...this.idle, ...this.busy]) child.kill('SIGKILL');
    this.idle.length = 0;
  }

  private ask(
    child: ChildProcess,
    job: { id: number; code: string; inputs: Record<string, unknown> },
    timeoutMs: number,
  ): Promise<z.infer<typeof answerSchema>> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        child.off('error', onError);
        done();
      };
      const onMessage = (message: unknown): void => {
        const answer = answerSchema.safeParse(message);
        if (answer.success && answer.data.id === job.id) settle(() => resolve(answer.data));
      };
      const onExit = (code: number | null, signal: string | null): void => {
        settle(() =>
          reject(
            new BizError(
              'BIZ_FLOW_CODE_CRASHED',
              `The code's process ended (${signal ?? `exit ${code ?? '?'}`}).`,
              {
                hint: 'It may have used up its memory or called process.exit.',
              },
            ),
          ),
        );
      };
      const onError = (cause: Error): void => {
        settle(() => reject(new BizError('BIZ_FLOW_CODE_CRASHED', "The code's process failed.", { cause })));
      };
      const timer = setTimeout(() => {
        settle(() =>
          reject(
            new BizError('BIZ_FLOW_CODE_TIMEOUT', `The code took more than ${timeoutMs} ms and was stopped.`),
          ),
        );
      }, timeoutMs);
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.on('error', onError);
      child.send(job, (error) => {
        if (error) onError(error);
      });
    });
  }

  private release(child: ChildProcess): void {
    if (this.closed || this.idle.length >= (this.options.maxIdle ?? 4) || !child.connected) {
      child.kill('SIGKILL');
      return;
    }
    child.unref();
    child.channel?.unref();
    this.idle.push(child);
  }

  private spawn(): ChildProcess {
    const permission = process.allowedNodeEnvironmentFlags.has('--permission')
      ? ['--permission', `--allow-fs-read=${CHILD}`]
      : [];
    const child = fork(CHILD, [], {
      env: { TZ: process.env['TZ'] ?? 'UTC' },
      execArgv: [`--max-old-space-size=${this.options.maxHeapMb ?? 256}`, ...permission],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('exit', () => {
      const index = this.idle.indexOf(child);
      if (index >= 0) this.idle.splice(index, 1);
    });
    // Without a listener, an error of an idle child would end the runner.
    child.on('error', () => {});
    return child;
  }
}
