import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { auth, newTopic, produce, uniqueName } from './support/kafka';

const MESSAGES = 3_000;
const KEYS = 7;
const BATCH = 200;
const KILLS = 3;
const DEADLINE_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'bizstack-consumer-'));
const program = join(folder, 'consumer.cjs');

beforeAll(async () => {
  await build({
    entryPoints: [join(__dirname, 'support/consumer-process.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
});

interface Handled {
  partition: number;
  offset: number;
  key: string;
  n: number;
}

function handled(effects: string): Handled[] {
  const lines = existsSync(effects) ? readFileSync(effects, 'utf8').split('\n') : [];
  // The last line may be cut off by the kill.
  return lines.slice(0, -1).map((line) => {
    const [partition, offset, key, n] = line.split(' ');
    return { partition: Number(partition), offset: Number(offset), key: String(key), n: Number(n) };
  });
}

const distinct = (effects: string) => new Set(handled(effects).map(({ n }) => n)).size;

describe('kill -9 of the process that polls', () => {
  it.each([
    ['several batches a poll', { maxMessages: BATCH, batchesPerPoll: 3 }, 3 * BATCH],
    ['a batch for each key', { maxMessages: BATCH, groupByKey: true }, BATCH],
  ])('loses nothing and repeats no more than was under way: %s', async (_name, props, underWay) => {
    const topic = await newTopic(3);
    await produce(
      topic,
      Array.from({ length: MESSAGES }, (_, n) => ({ key: `k${n % KEYS}`, value: JSON.stringify({ n }) })),
    );
    const id = uniqueName('flow');
    const effects = join(folder, `${id}.effects`);
    const options = { ...auth, topic, flowId: id, store: join(folder, id), effects, props };
    const start = () =>
      spawn(process.execPath, [program], {
        cwd: __dirname,
        env: {
          ...process.env,
          NODE_PATH: [join(__dirname, '../node_modules'), join(__dirname, '../../../node_modules')].join(':'),
          CONSUMER_OPTIONS: JSON.stringify(options),
          KAFKAJS_NO_PARTITIONER_WARNING: '1',
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      });

    for (let kill = 1; kill <= KILLS; kill += 1) {
      const child = start();
      const ended = once(child, 'exit');
      // In the middle of a batch, after some progress: one that ends the engine five times counts as delivered.
      const until = distinct(effects) + BATCH + Math.floor(BATCH / 2);
      const deadline = Date.now() + DEADLINE_MS;
      while (distinct(effects) < until && child.exitCode === null) {
        if (Date.now() > deadline) throw new Error(`only ${distinct(effects)} of ${until} messages`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      child.kill('SIGKILL');
      expect(await ended).toEqual([null, 'SIGKILL']);
    }
    expect(await once(start(), 'exit')).toEqual([0, null]);

    const all = handled(effects);
    const first = [
      ...new Map([...all].reverse().map((one) => [`${one.partition}:${one.offset}`, one])).values(),
    ];
    expect(first.map(({ n }) => n).sort((a, b) => a - b)).toEqual([...Array(MESSAGES).keys()]);
    expect(all.length - MESSAGES).toBeLessThanOrEqual(KILLS * underWay);
    for (let key = 0; key < KEYS; key += 1) {
      const seen = new Set<number>();
      const order = all.filter((one) => one.key === `k${key}`).filter(({ n }) => !seen.has(n) && seen.add(n));
      expect(order.map(({ n }) => n)).toEqual([...seen].sort((a, b) => a - b));
    }
  });
});
