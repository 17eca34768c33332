import type { AgentUser } from '../../tools/user';
import type { Point } from './forecast';
import type { StepRun } from './bottlenecks';

interface CallOptions {
  user: AgentUser;
  signal: AbortSignal;
}
type WriteOptions = CallOptions & { idempotencyKey: string };

export interface OperationsPorts {
  health(
    options: CallOptions,
  ): Promise<{ service: string; state: string; since?: string; detail?: string }[]>;
  lag?(options: CallOptions): Promise<{ group: string; topic: string; lag: number }[]>;
  queues?(options: CallOptions): Promise<{ queue: string; depth: number; oldestSeconds?: number }[]>;
  /** A measured series, oldest first. */
  series?(metric: string, options: CallOptions & { hours: number }): Promise<Point[]>;
  /** Names of metrics that `series` knows. */
  metrics?: readonly string[];
  runs?(options: CallOptions & { days: number }): Promise<StepRun[]>;
  /** What may be repaired. A target that is not listed here cannot be named. */
  runbooks?: {
    workers?: { targets: readonly string[]; restart(name: string, options: WriteOptions): Promise<void> };
    deadLetters?: {
      targets: readonly string[];
      redrive(topic: string, limit: number, options: WriteOptions): Promise<{ count: number }>;
    };
    schedules?: { targets: readonly string[]; pause(name: string, options: WriteOptions): Promise<void> };
  };
}
