import { isBizError } from '@bizstack/contracts';
import { actionOf } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { aiAgents } from '../src';
import { closeDatabases } from '../src/lib/postgres';
import { autogenAuth, call, embeddingsAuth, modelAuth, postgresUrl, qdrantAuth } from './support/piece';
import { startScriptedModel } from './support/scripted-model';

afterAll(closeDatabases);

const definitionsSchema = z.record(z.string(), z.looseObject({ required: z.boolean() }));

/** What an expression may give where something else is wanted. */
const WRONG: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['a number', 7],
  ['an object', { a: 1 }],
  ['empty text', ''],
];

test.each(Object.keys(aiAgents.actions()))('%s says what is wrong with its input', async (name) => {
  const model = await startScriptedModel(() => ({ status: 401, error: 'nobody is asked' }));
  const auth = modelAuth(model, {
    ...{ ...embeddingsAuth(), ...qdrantAuth(), ...autogenAuth() },
    postgresUrl: postgresUrl(),
  });
  const definitions = definitionsSchema.parse(actionOf(aiAgents, name).props);
  const required = Object.keys(definitions).filter((prop) => definitions[prop]?.required === true);
  try {
    for (const [what, value] of WRONG) {
      const props = Object.fromEntries(required.map((prop) => [prop, value]));
      const error: unknown = await call(name, props, auth).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      // Some values can be used after all; what cannot is refused with a code, before anything is asked.
      if (error !== undefined && !isBizError(error)) {
        throw new Error(`${what} for all of ${required.join(', ')}`, { cause: error });
      }
    }
  } finally {
    await model.close();
  }
});
