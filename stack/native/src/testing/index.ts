import { BizError } from '@bizstack/contracts';
import { currentFacts } from './facts-file';

export { listeningUrl, type PipedProcess } from './listening-url';

/** What a test needs to reach a service, secrets included. README.md lists the keys of each service. */
export interface ServiceTestFacts {
  /** @throws BizError `BIZ_TEST_FACT_UNKNOWN`, so that a misspelt key is seen at once. */
  readonly [key: string]: string;
}

/**
 * Facts of a service that `services` of the package's jest.config.cjs names, or that one of those needs.
 * Every value is text, ports too.
 * @throws BizError `BIZ_TEST_NO_SERVICES`, `BIZ_TEST_SERVICE_UNKNOWN`
 */
export function testFacts(service: string): ServiceTestFacts {
  const all = currentFacts();
  const facts = all[service];
  if (!facts) {
    throw new BizError('BIZ_TEST_SERVICE_UNKNOWN', `The test service "${service}" does not run.`, {
      hint: `Running: ${Object.keys(all).join(', ')}. Name it in services of jest.config.cjs.`,
    });
  }
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(facts)) texts[key] = String(value);
  return new Proxy(texts, {
    get(target, key): string | undefined {
      // Symbols and the probes of Jest's printer and of await are not keys that somebody misspelt.
      if (
        typeof key === 'symbol' ||
        Object.hasOwn(target, key) ||
        /^(toJSON|then|asymmetricMatch|\$\$typeof|constructor)$/.test(key)
      ) {
        return Reflect.get(target, key) as string | undefined;
      }
      throw new BizError('BIZ_TEST_FACT_UNKNOWN', `The service "${service}" has no fact "${key}".`, {
        hint: `Facts: ${Object.keys(target).join(', ')}.`,
      });
    },
  });
}
