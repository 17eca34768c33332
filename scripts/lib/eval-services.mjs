// Servers that an evaluation needs: started for it, with fresh data, and stopped after it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** @type {Record<string, { services: string[], given: string, env: (facts: Record<string, Record<string, string>>) => Record<string, string> }>} */
const NEEDS = {
  retrieval: {
    services: ['qdrant', 'embeddings'],
    given: 'BIZSTACK_QDRANT_URL',
    env: ({ qdrant, embeddings }) => ({
      BIZSTACK_QDRANT_URL: qdrant.url,
      BIZSTACK_QDRANT_API_KEY: qdrant.apiKey,
      BIZSTACK_EMBEDDINGS_URL: embeddings.url,
      BIZSTACK_EMBEDDINGS_API_KEY: embeddings.apiKey,
      BIZSTACK_EMBEDDINGS_MODEL: embeddings.model,
    }),
  },
};

/**
 * Passes where the servers are by environment. Those that the environment names already are used as they are.
 * @param {string | undefined} name of the evaluation
 * @param {(env: Record<string, string>) => Promise<number>} work returns the exit code
 */
export async function withEvalServices(name, work) {
  const need = name === undefined ? undefined : NEEDS[name];
  if (!need || process.env[need.given]) return work({});
  process.env.BIZSTACK_TEST_SERVICES = need.services.join(',');
  const setup = require('@bizstack/native/testing/global-setup').default;
  const teardown = require('@bizstack/native/testing/global-teardown').default;
  // stdout carries the result alone.
  const log = console.log;
  console.log = console.error;
  try {
    await setup({}, {});
    return await work(need.env(JSON.parse(readFileSync(process.env.BIZSTACK_TEST_FACTS, 'utf8'))));
  } finally {
    await teardown();
    console.log = log;
  }
}
