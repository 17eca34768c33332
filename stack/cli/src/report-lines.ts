import { join } from 'node:path';
import { lineReporter, LogFile, type Reporter } from '@bizstack/native';
import { clonePaths } from './clone';

/** Shows what happens and keeps it in `supervisor.log`, but for the steps of long tasks. */
export function supervisorReporter(show: (line: string) => void): Reporter {
  const log = new LogFile(join(clonePaths().logDir, 'supervisor.log'));
  const lines = lineReporter(show);
  return (event) => {
    if (event.progress === undefined) log.note(`${event.level} ${event.service} ${event.message}`);
    lines(event);
  };
}
