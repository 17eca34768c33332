#!/usr/bin/env node
import { messageOf } from '@bizstack/contracts';
import { readConfig } from './config';
import { jsonLog } from './log';
import { startService } from './service';

async function main(): Promise<void> {
  const log = jsonLog();
  const service = await startService(readConfig(process.env), log);
  const stop = (signal: string): void => {
    log.info('stopping', { signal });
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('did not stop cleanly', { reason: messageOf(error) });
        process.exit(1);
      },
    );
  };
  // The SDK's own handlers are given up for these: the relay and the database must be closed too.
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  log.info('workflows worker runs', { url: service.url });
  await service.done;
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
});
