import { join } from 'node:path';
import { DRIVERS, defaultCacheDir, findRootDir, resolveFacts, Stack } from '@bizstack/native';
import type { Endpoint } from './post-leads';
import type { StackAccess } from './stations';

/** Facts of one service, secrets filled in. */
export type FactsOf = (service: string) => Readonly<Record<string, string | number>>;

export function stateDirOfClone(): string {
  return process.env['BIZSTACK_STATE_DIR'] ?? join(findRootDir(), '.bizstack');
}

/** Facts of this clone's stack, whether it runs or not. */
export function factsOfClone(): FactsOf {
  const stack = new Stack({
    rootDir: findRootDir(),
    stateDir: stateDirOfClone(),
    cacheDir: defaultCacheDir(),
    drivers: DRIVERS,
    services: ['flows'],
    report: () => undefined,
  });
  return (service) => resolveFacts(stack.factsOf(service), (name) => stack.secrets.get(name));
}

export function accessOf(facts: FactsOf): StackAccess {
  const text = (service: string, key: string) => String(facts(service)[key]);
  return {
    crm: { databaseUrl: text('postgres', 'database_url_nocobase') },
    kafka: { brokers: text('kafka', 'brokers').split(',') },
    business: { databaseUrl: text('postgres', 'database_url_business_data') },
    qdrant: { url: text('qdrant', 'url'), apiKey: text('qdrant', 'apiKey') },
  };
}

export function webhookOf(facts: FactsOf): Endpoint {
  const { url, webhook_secret } = facts('nocobase');
  return { url: `${url}/api/crmLeads:webhook`, secret: String(webhook_secret) };
}
