import { randomUUID } from 'node:crypto';
import { z } from 'zod';
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

test('the sales agent searches the knowledge base itself, cites it, and says when it does not know', async () => {
  const collection = `test_${randomUUID().replaceAll('-', '')}`;
  const model = await startScriptedModel(({ toolResults, text }) => {
    if (toolResults === 0)
      return { calls: [{ name: 'search_knowledge', input: { query: 'refund period' } }] };
    const found = /\\"id\\":\\"([0-9a-f-]{36})\\"/.exec(text.replaceAll('\\\\', '\\'))?.[1];
    const quote = text.includes('invented?') ? 'Refunds are paid at once.' : QUOTE;
    // A model that always claims to know.
    return submit({
      answer: 'Within fourteen days.',
      known: true,
      citations: [{ passageId: found ?? 'none', quote }],
    });
  });
  try {
    const auth = modelAuth(model, { ...embeddingsAuth(), ...qdrantAuth() });
    const text = `# Terms\n\nDelivery takes a week.\n\n${QUOTE}`;
    await run(
      'index_knowledge',
      { collection, sourceId: 'terms', text, title: 'Terms', roles: ['staff'] },
      auth,
    );
    const props = { task: 'Answer the lead.', collection, message: 'When do I get my money back?' };

    const known = await run('run_sales_agent', { ...props, permissions: ['staff'] }, auth);
    expect(known).toMatchObject({
      status: 'completed',
      calls: [{ tool: 'search_knowledge', phase: 'done' }],
      result: {
        known: true,
        answer: 'Within fourteen days.',
        citations: [{ source: 'terms', title: 'Terms' }],
      },
    });
    const [citation] = z
      .looseObject({
        result: z.looseObject({
          citations: z.array(z.object({ offsets: z.object({ start: z.number(), end: z.number() }) }).loose()),
        }),
      })
      .parse(known).result.citations;
    expect(QUOTE).toContain(text.slice(citation?.offsets.start, citation?.offsets.end));
    expect(citation?.offsets.end).toBeGreaterThan(text.indexOf(QUOTE));

    const unknown = { status: 'completed', result: { known: false, citations: [], nextStep: 'hand_over' } };
    // Nothing that this user may read; words that stand nowhere; a collection that is not there.
    const others = await run('run_sales_agent', props, auth);
    expect(others).toMatchObject(unknown);
    expect(JSON.stringify(others)).not.toContain('fourteen');
    const invented = { ...props, message: 'When, invented?', permissions: ['staff'] };
    expect(await run('run_sales_agent', invented, auth)).toMatchObject(unknown);
    const elsewhere = { ...props, collection: `${collection}_2`, permissions: ['staff'] };
    expect(await run('run_sales_agent', elsewhere, auth)).toMatchObject(unknown);

    // Passages of the flow and the knowledge base together.
    const passages = [{ id: 'own', text: 'A refund period of thirty days is for members.' }];
    model.requests.length = 0;
    await run('run_sales_agent', { ...props, passages, permissions: ['staff'] }, auth);
    const read = model.requests.map(({ text: all }) => all).join();
    expect(read).toContain('thirty days is for members');
    expect(read).toContain(QUOTE);
  } finally {
    await model.close();
  }
});

test('the sales agent needs Qdrant for a knowledge base', async () => {
  const model = await startScriptedModel(() => 'never');
  try {
    const step = run('run_sales_agent', { task: 'Answer.', collection: 'handbook' }, modelAuth(model));
    expect(await failureOf(step)).toMatchObject({ code: 'BIZ_AI_NOT_CONFIGURED' });
    expect(model.requests).toEqual([]);
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
