import { readFileSync } from 'node:fs';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';

/** Names the file (mode 0600) with the facts of the running test services; Jest's workers inherit it. */
export const FACTS_VARIABLE = 'BIZSTACK_TEST_FACTS';

const factsSchema = z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number()])));

export type TestFacts = z.infer<typeof factsSchema>;

export function readFacts(file: string): TestFacts {
  return factsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** @throws BizError `BIZ_TEST_NO_SERVICES` outside a Jest run that started services. */
export function currentFacts(): TestFacts {
  const file = process.env[FACTS_VARIABLE];
  if (!file) {
    throw new BizError('BIZ_TEST_NO_SERVICES', 'No test services run.', {
      hint: "Name them in the package's jest.config.cjs: project({ name, services: ['postgres', 'kafka'] }).",
    });
  }
  return readFacts(file);
}
