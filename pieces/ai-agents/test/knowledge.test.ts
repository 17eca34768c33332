import { randomUUID } from 'node:crypto';
import { embeddingsAuth, failureOf, modelAuth, qdrantAuth, run } from './support/piece';
import { startScriptedModel, submit } from './support/scripted-model';

const QUOTE = 'Refunds are paid within fourteen days.';

test('indexes once, answers with a citation, hides what a user may not read', async () => {
  const collection = `test_${randomUUID().replaceAll('-', '')}`;
  const model = await startScriptedModel(({ text }) => {
    const passageId = /passage ([0-9a-f-]{36})/.exec(text)?.[1] ?? 'none';
    const quote = text.includes('invented?') ? 'Refunds are paid at once.' : QUOTE;
    return submit({ known: true, answer: 'Fourteen days.', citations: [{ passageId, quote }] });
  });
  try {
    const auth = modelAuth(model, { ...embeddingsAuth(), ...qdrantAuth() });
    const source = {
      collection,
      sourceId: 'terms',
      text: `# Terms\n\n${QUOTE}`,
      title: 'Terms',
      roles: ['staff'],
    };
    expect(await run('index_knowledge', source, auth)).toMatchObject({
      status: 'indexed',
      chunks: 1,
      added: 1,
    });
    expect(await run('index_knowledge', source, auth)).toMatchObject({ status: 'unchanged', added: 0 });

    const question = { collection, question: 'How long do refunds take?' };
    expect(await run('answer_from_knowledge_base', question, auth)).toMatchObject({
      known: false,
      answer: null,
    });
    expect(model.requests).toEqual([]);

    const staff = { ...question, roles: ['staff'] };
    const answer = await run('answer_from_knowledge_base', staff, auth);
    expect(answer).toMatchObject({
      known: true,
      answer: 'Fourteen days.',
      citations: [{ title: 'Terms', quote: QUOTE }],
    });

    const invented = { ...staff, question: 'How long do refunds take, invented?' };
    expect(await run('answer_from_knowledge_base', invented, auth)).toMatchObject({
      known: false,
      citations: [],
    });
  } finally {
    await model.close();
  }
});

test.each([
  ['nothing', {}],
  ['both', { text: 'a', file: 'data:text/plain;base64,YQ==' }],
])('refuses %s to index', async (_, props) => {
  const error = await failureOf(
    run(
      'index_knowledge',
      { collection: 'x', sourceId: 's', ...props },
      { provider: 'none', ...qdrantAuth() },
    ),
  );
  expect(error.code).toBe('BIZ_INPUT_INVALID');
});

test('says that Qdrant is missing', async () => {
  const error = await failureOf(run('index_knowledge', { collection: 'x', sourceId: 's', text: 't' }));
  expect(error.code).toBe('BIZ_AI_NOT_CONFIGURED');
});
