import { join } from 'node:path';
import { lineReporter, LogFile, type Reporter } from '@bizstack/native';
import { clonePaths } from './clone';

/** Shows what happens and keeps it in `supervisor.log`. Progress of one step is shown at most every two seconds. */
export function supervisorReporter(show: (line: string) => void): Reporter {
  const log = new LogFile(join(clonePaths().logDir, 'supervisor.log'));
  const lines = lineReporter(show);
  const lastShown = new Map<string, number>();
  return (event) => {
    const { service, level, message, progress } = event;
    const part = progress === undefined ? undefined : `${service} ${message}`;
    if (part !== undefined) {
      const done = progress?.total !== undefined && progress.done >= progress.total;
      if (!done && Date.now() - (lastShown.get(part) ?? 0) < 2000) return;
      lastShown.set(part, Date.now());
    } else {
      log.note(`${level} ${service} ${message}`);
    }
    lines(event);
  };
}
