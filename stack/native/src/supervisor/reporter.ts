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

/** Writes one line an event, with the seconds since the reporter was made. */
export function lineReporter(write: (line: string) => void): Reporter {
  const begin = Date.now();
  return ({ service, level, message, progress }) => {
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
