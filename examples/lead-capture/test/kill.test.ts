import { randomUUID } from 'node:crypto';
import { generateLeads, sendAndFollow } from '../src';
import { access, endpoint, killAndAwaitRestart } from './support';

test.each(['flows', 'kafka', 'nocobase'])(
  'kill -9 of %s in the middle loses and doubles nothing',
  async (service) => {
    const batch = `kill-${service}-${randomUUID().slice(0, 8)}`;
    let killed: Promise<void> | undefined;
    const report = await sendAndFollow({
      endpoint,
      access,
      leads: generateLeads(150),
      count: Infinity,
      batch,
      concurrency: 4,
      timeoutMs: 300_000,
      onPosted: (posted) => {
        if (posted === 100) killed = killAndAwaitRestart(service);
      },
    });
    expect(killed).toBeDefined();
    await killed;
    const once = { leads: 150, duplicates: 0 };
    expect(report.census).toEqual({ crm: once, kafka: once, postgres: once, qdrant: once, scored: once });
  },
  600_000,
);
