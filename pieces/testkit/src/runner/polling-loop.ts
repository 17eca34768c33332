import { Cron } from 'croner';
import type { TriggerSchedule } from '../context/trigger-context';
import { sleep } from '../deadline';

export interface PollingLoopOptions {
  /** Milliseconds between two polls that found nothing. */
  pollMs: number;
  /** As set by the trigger. Every minute is the server's floor and means "as often as you can". */
  schedule?: TriggerSchedule | undefined;
  signal: AbortSignal;
  /** Resolves with the number of runs, once they are settled. */
  poll(): Promise<number>;
  onError(error: unknown, waitMs: number): void;
}

const EVERY_MINUTE = /^\*(\/1)? \* \* \* \*$/;
const LONGEST_WAIT_MS = 60_000;

/** Polls one trigger, never twice at the same time; after a poll that found something at once again. */
export class PollingLoop {
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly options: PollingLoopOptions) {}

  start(): void {
    this.finished = this.loop();
  }

  /** Resolves when the signal has ended the loop. */
  stopped(): Promise<void> {
    return this.finished;
  }

  private async loop(): Promise<void> {
    const { signal, pollMs, schedule } = this.options;
    const cron =
      schedule === undefined || EVERY_MINUTE.test(schedule.cronExpression.trim())
        ? undefined
        : new Cron(schedule.cronExpression, { timezone: schedule.timezone, paused: true });
    let failures = 0;
    if (cron !== undefined) await sleepUntil(cron, signal);
    while (!signal.aborted) {
      let waitMs = pollMs;
      try {
        const found = await this.options.poll();
        failures = 0;
        if (found > 0) waitMs = 0;
      } catch (error) {
        failures += 1;
        waitMs = Math.min(LONGEST_WAIT_MS, Math.max(pollMs, 1_000) * 2 ** Math.min(failures - 1, 6));
        if (!signal.aborted) this.options.onError(error, waitMs);
      }
      if (cron !== undefined && failures === 0) await sleepUntil(cron, signal);
      else await sleep(waitMs, signal);
    }
  }
}

async function sleepUntil(cron: Cron, signal: AbortSignal): Promise<void> {
  const next = cron.nextRun();
  // In steps, because the clock may be set meanwhile.
  while (next !== null && !signal.aborted && next.getTime() > Date.now()) {
    await sleep(Math.min(LONGEST_WAIT_MS, next.getTime() - Date.now()), signal);
  }
}
