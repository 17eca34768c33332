import { BizError, isBizError, userMessage } from '@bizstack/piece-common';
import { z } from 'zod';
import { autogenOf, type Connection, parseConnection, secretsOf } from './connection';
import { embedTexts } from './embeddings';
import { httpUrl, sendJson } from './http';
import { hasModel, modelOf } from './model';
import { withDatabase } from './postgres';

const TIMEOUT_MS = 20_000;
const RUN_GONE = 'BIZ_AUTOGEN_RUN_GONE';

const PARTS: readonly {
  name: string;
  isGiven: (connection: Connection) => boolean;
  check: (connection: Connection) => Promise<unknown>;
}[] = [
  { name: 'Language model', isGiven: hasModel, check: checkModel },
  {
    name: 'Embeddings',
    isGiven: ({ embeddingsUrl, embeddingsModel }) => (embeddingsUrl ?? embeddingsModel) !== undefined,
    check: (connection) => embedTexts(connection, ['connection test']),
  },
  { name: 'Qdrant', isGiven: ({ qdrantUrl }) => qdrantUrl !== undefined, check: checkQdrant },
  {
    name: 'PostgreSQL',
    isGiven: ({ postgresUrl }) => postgresUrl !== undefined,
    check: (connection) => withDatabase(connection, ({ pool }) => pool.query('SELECT 1')),
  },
  { name: 'AutoGen', isGiven: ({ autogenUrl }) => autogenUrl !== undefined, check: checkAutogen },
];

/**
 * Tries every part that is filled in.
 * @throws BizError `BIZ_AI_CONNECTION_FAILED` naming each part that failed, and why.
 */
export async function checkConnection(props: unknown): Promise<void> {
  const connection = parseConnection(props);
  const secrets = secretsOf(connection);
  const results = await Promise.all(
    PARTS.filter(({ isGiven }) => isGiven(connection)).map(async ({ name, check }) => {
      try {
        await check(connection);
        return [];
      } catch (error) {
        return [{ name, text: `${name}: ${userMessage(error, secrets)}` }];
      }
    }),
  );
  const failed = results.flat();
  if (failed.length === 0) return;
  throw new BizError('BIZ_AI_CONNECTION_FAILED', failed.map(({ text }) => text).join(' '), {
    details: { parts: failed.map(({ name }) => name) },
  });
}

async function checkModel(connection: Connection): Promise<void> {
  const model = await modelOf(connection);
  const { UsageMeter } = await import('@bizstack/agents/providers');
  try {
    await model.complete(
      {
        messages: [{ role: 'user', content: 'Answer with: ok' }],
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      new UsageMeter({ maxRequests: 1 }),
    );
  } catch (error) {
    // It talks: that is all that was asked.
    if (!isBizError(error, 'BIZ_AGENTS_OUTPUT_TRUNCATED')) throw error;
  }
}

async function checkQdrant({ qdrantUrl = '', qdrantApiKey }: Connection): Promise<void> {
  const url = httpUrl('Qdrant URL', qdrantUrl);
  await sendJson({
    name: 'Qdrant',
    area: 'BIZ_QDRANT',
    method: 'GET',
    url: new URL('collections', url.href.endsWith('/') ? url : `${url.href}/`).href,
    headers: qdrantApiKey === undefined ? {} : { 'api-key': qdrantApiKey },
    timeoutMs: TIMEOUT_MS,
    schema: z.looseObject({ result: z.looseObject({ collections: z.array(z.unknown()) }) }),
  });
}

/** Asks for a run that is not there: only who has the token is told so. */
async function checkAutogen(connection: Connection): Promise<void> {
  const { url, token } = autogenOf(connection);
  try {
    await sendJson({
      name: 'AutoGen URL',
      area: 'BIZ_AI_ENDPOINT',
      method: 'GET',
      url: new URL('v1/teams/runs/connection-test', url.endsWith('/') ? url : `${url}/`).href,
      headers: { authorization: `Bearer ${token}` },
      timeoutMs: TIMEOUT_MS,
      schema: z.unknown(),
    });
  } catch (error) {
    const known = isBizError(error) && error.details['status'] === 404 && error.message.includes(RUN_GONE);
    if (!known) throw error;
  }
}
