import { appendFileSync } from 'node:fs';
import { createTriggerHarness, FileStoreBackend } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { newMessage } from '../../src/lib/triggers/new-message';

// A process of its own, so that the test can kill it in the middle of a batch. It polls until nothing comes
// and writes a line for each message it handles: "<partition> <offset> <key> <n>".
const options = z
  .object({
    brokers: z.string(),
    topic: z.string(),
    flowId: z.string(),
    store: z.string(),
    effects: z.string(),
    props: z.record(z.string(), z.unknown()),
  })
  .parse(JSON.parse(process.env['CONSUMER_OPTIONS'] ?? '{}'));

const runsSchema = z.array(
  z.object({
    messages: z.array(
      z.object({
        partition: z.number(),
        offset: z.string(),
        key: z.string(),
        value: z.object({ n: z.number() }),
      }),
    ),
  }),
);

async function main(): Promise<void> {
  const harness = createTriggerHarness(newMessage, {
    auth: { brokers: options.brokers },
    props: { topics: [options.topic], start: 'earliest', delivery: 'batch', ...options.props },
    store: new FileStoreBackend(options.store),
    identity: { flowId: options.flowId },
  });
  await harness.enable();
  for (;;) {
    const runs = runsSchema.parse(await harness.run());
    if (runs.length === 0) return;
    for (const { messages } of runs) {
      for (const { partition, offset, key, value } of messages) {
        appendFileSync(options.effects, `${partition} ${offset} ${key} ${value.n}\n`);
      }
    }
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
