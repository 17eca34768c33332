#!/usr/bin/env node
import { messageOf } from '@bizstack/contracts';
import { readConfig } from './config';
import { jsonLogger } from './log';
import { startBridge } from './service';

async function main(): Promise<void> {
  const log = jsonLogger();
  const config = readConfig(process.env);
  const bridge = await startBridge(config, log);
  log.info('kafka-bridge listens', { url: bridge.url });
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { signal });
    // A delivery that hangs must not hold the process for ever: what it delivered comes again.
    setTimeout(() => process.exit(1), config.shutdownMs).unref();
    bridge.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('did not stop cleanly', { error: messageOf(error) });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
