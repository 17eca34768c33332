import { aiAgents } from '../src';
import { closeDatabases } from '../src/lib/postgres';
import { checkConnection } from '../src/lib/check-connection';
import {
  type Auth,
  autogenAuth,
  embeddingsAuth,
  failureOf,
  KEY,
  modelAuth,
  postgresUrl,
  qdrantAuth,
} from './support/piece';
import { startScriptedModel } from './support/scripted-model';

afterAll(closeDatabases);

test('accepts a connection with every part, and one with none', async () => {
  const model = await startScriptedModel(() => 'ok');
  try {
    const stores = { ...qdrantAuth(), postgresUrl: postgresUrl(), ...autogenAuth() };
    const whole = { ...modelAuth(model), ...embeddingsAuth(), ...stores };
    await expect(checkConnection(whole)).resolves.toBeUndefined();
    expect(model.requests).toHaveLength(1);
  } finally {
    await model.close();
  }
  await expect(checkConnection({ provider: 'none' })).resolves.toBeUndefined();
});

const wrongPassword = () => {
  const url = new URL(postgresUrl());
  url.password = 'wrong-password-1';
  return url.href;
};

test.each<[string, () => Auth, string[]]>([
  [
    'an embeddings model is missing',
    () => ({ embeddingsUrl: embeddingsAuth()['embeddingsUrl'] ?? '' }),
    ['Embeddings'],
  ],
  ['a token is wrong', () => ({ ...autogenAuth(), autogenToken: 'secret-pass-of-nobody' }), ['AutoGen']],
  ['a token is missing', () => ({ autogenUrl: 'http://127.0.0.1:9' }), ['AutoGen']],
  ['Qdrant is down', () => ({ qdrantUrl: 'http://127.0.0.1:9' }), ['Qdrant']],
  ['the password is wrong', () => ({ postgresUrl: wrongPassword() }), ['PostgreSQL']],
  ['the model is not named', () => ({ provider: 'openai', apiKey: KEY }), ['Language model']],
  [
    'two parts fail',
    () => ({ qdrantUrl: 'nonsense', postgresUrl: 'postgres://u:secret-pass@127.0.0.1:9/x' }),
    ['Qdrant', 'PostgreSQL'],
  ],
])('names the part when %s, and shows no secret', async (_, parts, names) => {
  const given = { provider: 'none', ...parts() };
  const error = await failureOf(checkConnection(given));
  expect(error.code).toBe('BIZ_AI_CONNECTION_FAILED');
  for (const name of names) expect(error.message).toContain(`${name}: `);
  expect(error.message).not.toMatch(/secret-pass|wrong-password-1|sk-scripted/);
});

test('every action says what it does, for whom, and what comes out', () => {
  for (const action of Object.values(aiAgents.actions())) {
    expect(action.outputSchema?.fields.length).toBeGreaterThan(0);
    expect(action.aiMetadata?.description).toBeTruthy();
  }
});
