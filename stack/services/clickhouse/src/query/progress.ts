import { type ServerResponse } from 'node:http';
import { type RunningQuery } from '../engine/running';
import { type QueryContext } from './context';

export interface ProgressWatch {
  addTo(response: ServerResponse): void;
  stop(): void;
}

const MAX_LINES = 64;

/**
 * Collects what `X-ClickHouse-Progress` headers say while a statement runs. Node.js sends all headers at
 * once, so they arrive with the first byte of the answer, not one by one.
 */
export function watchProgress(
  context: QueryContext,
  query: RunningQuery,
  intervalMs: number | undefined,
): ProgressWatch {
  if (intervalMs === undefined) return { addTo: () => undefined, stop: () => undefined };
  const lines: string[] = [];
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void context.running
      .progressOf(query)
      .then((line) => {
        if (line !== undefined && lines.length < MAX_LINES) lines.push(JSON.stringify(line));
      })
      .catch(() => undefined)
      .finally(() => (busy = false));
  }, intervalMs);
  return {
    addTo: (response) => {
      if (lines.length > 0 && !response.headersSent) response.setHeader('X-ClickHouse-Progress', lines);
    },
    stop: () => clearInterval(timer),
  };
}
