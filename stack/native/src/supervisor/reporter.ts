/** One thing that happened while the stack starts, runs or stops. */
export interface StackEvent {
  /** Empty for the stack as a whole. */
  readonly service: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  /** Set for a step of a long task. */
  readonly progress?: { readonly done: number; readonly total?: number; readonly unit?: string };
}

export type Reporter = (event: StackEvent) => void;

/** Milliseconds between two lines of one long step, while it advances and while it stands. */
const ADVANCING_MS = 5000;
const STANDING_MS = 20_000;

/** Writes one line an event, with the seconds since the reporter was made; long steps show now and then. */
export function lineReporter(write: (line: string) => void): Reporter {
  const begin = Date.now();
  const shown = new Map<string, { readonly at: number; readonly done: number }>();
  return ({ service, level, message, progress }) => {
    if (progress) {
      const step = `${service} ${message}`;
      const last = shown.get(step);
      const pause =
        last?.done === progress.done ? STANDING_MS : progress.done === progress.total ? 0 : ADVANCING_MS;
      if (last && Date.now() - last.at < pause) return;
      shown.set(step, { at: Date.now(), done: progress.done });
    }
    const seconds = ((Date.now() - begin) / 1000).toFixed(1).padStart(6);
    const mark = level === 'info' ? ' ' : level === 'warn' ? '!' : '✗';
    write(`${seconds}s ${mark} ${service.padEnd(11)} ${message}${progressText(progress)}`);
  };
}

function progressText(progress: StackEvent['progress']): string {
  if (!progress) return '';
  const { done, total, unit = '' } = progress;
  const space = unit === '' ? '' : ' ';
  return total === undefined ? ` (${done}${space}${unit})` : ` (${done} of ${total}${space}${unit})`;
}
