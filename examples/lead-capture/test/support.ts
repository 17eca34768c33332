import { dirname } from 'node:path';
import { testFacts } from '@bizstack/native/testing';
import { accessOf, killService, type NewLead, pidOf, webhookOf } from '../src';

export const access = accessOf(testFacts);
export const endpoint = webhookOf(testFacts);

export async function* listOf(leads: readonly NewLead[]): AsyncGenerator<NewLead, undefined> {
  yield* leads;
}

/** Looks until it finds something; the deadline ends a test that would wait for ever. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  deadlineMs = 90_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`Not within ${deadlineMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const stateDir = () => dirname(dirname(String(testFacts('flows')['logFile'])));

/** kill -9, then waits until the supervisor has started it again under another pid. */
export async function killAndAwaitRestart(service: string): Promise<void> {
  const before = killService(stateDir(), service);
  await until(`${service} restarted`, async () => {
    const now = pidOf(stateDir(), service);
    return now !== undefined && now !== before;
  });
}
