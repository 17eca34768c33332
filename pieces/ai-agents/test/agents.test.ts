import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { actionOf, MemoryStoreBackend, runAction } from '@bizstack/piece-testkit';
import { Client } from 'pg';
import { z } from 'zod';
import { aiAgents } from '../src';
import { closeDatabases } from '../src/lib/postgres';
import { sendForm } from './support/approval-form';
import { call, failureOf, fieldsOf, KEY, modelAuth, postgresUrl, run, startReceiver } from './support/piece';
import { type Answer, listen, type ModelRequest, startScriptedModel, submit } from './support/scripted-model';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(closeDatabases);

async function scripted(script: (request: ModelRequest) => Answer) {
  const model = await startScriptedModel(script);
  open.push(model);
  return { model, auth: modelAuth(model), kept: modelAuth(model, { postgresUrl: postgresUrl() }) };
}

async function receiver(answer?: (body: unknown) => unknown) {
  const started = await startReceiver(answer);
  open.push(started);
  return started;
}

const waitingSchema = z.looseObject({
  status: z.literal('approval_required'),
  runId: z.uuid(),
  approvalPage: z.url(),
  pending: z.array(z.looseObject({ tool: z.string(), input: z.unknown() })),
});

async function auditRows(runId: string, phase: string): Promise<unknown[]> {
  const client = new Client({ connectionString: postgresUrl() });
  await client.connect();
  try {
    const { rows } = await client.query<{ data: unknown }>(
      `SELECT event->'data' AS data FROM bizstack_agents.audit
        WHERE event->'data'->>'runId' = $1 AND event->'data'->>'phase' = $2`,
      [runId, phase],
    );
    return rows.map(({ data }) => data);
  } finally {
    await client.end();
  }
}

const refundInvoice = {
  id: 7,
  number: 'R-7',
  customer: 'Acme',
  issued: '2026-01-02',
  due: '2026-02-02',
  currency: 'EUR',
  total: '119.00',
  paid: 119,
  paidAt: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10),
  status: 'paid',
};

/** A model that wants to write to the CRM and then answers. */
const writesToCrm = ({ toolResults }: ModelRequest): Answer =>
  toolResults === 0
    ? { calls: [{ name: 'update_contact', input: { fields: { phone: '<b>+49 30 1</b>' } } }] }
    : submit({ answer: 'Thank you, noted.', known: false, nextStep: 'answer' });

const crmProps = (writeUrl: string) => ({
  task: 'Answer the lead.',
  message: 'My new number is +49 30 1.',
  contactId: `c-${randomUUID()}`,
  contact: { name: 'Wang' },
  writeUrl,
});

test('a write waits; the page shows it; after approval it is carried out once', async () => {
  const { kept } = await scripted(writesToCrm);
  const target = await receiver();
  const notified = await receiver();
  const first = await call('run_sales_agent', { ...crmProps(target.url), notifyUrl: notified.url }, kept);
  const waiting = waitingSchema.parse(first.output);
  expect(first.paused?.type).toBe('WEBHOOK');
  expect(target.bodies).toEqual([]);
  expect(notified.bodies).toMatchObject([
    { approvalPage: waiting.approvalPage, calls: [{ tool: 'update_contact' }] },
  ]);

  const { html, body } = await sendForm(waiting.approvalPage, { call_0: 'approve', by: 'anna' });
  expect(html).toContain('&lt;b&gt;+49 30 1&lt;/b&gt;');
  expect(html).not.toContain('<b>');
  expect(html).not.toContain('<script');
  const done = await first.resume({ body });
  expect(done.paused).toBeUndefined();
  expect(done.output).toMatchObject({
    status: 'completed',
    runId: waiting.runId,
    result: { answer: 'Thank you, noted.' },
  });
  expect(target.bodies).toMatchObject([
    { action: 'update_contact', input: { fields: { phone: '<b>+49 30 1</b>' } }, user: { id: 'flow' } },
  ]);
  // The engine repeats a step whose answer it lost.
  expect((await first.resume({ body })).output).toMatchObject({ status: 'completed' });
  expect(target.bodies).toHaveLength(1);

  for (const phase of ['asked', 'approved', 'done']) {
    expect(await auditRows(waiting.runId, phase)).toHaveLength(1);
  }
});

test('a rejected write does not happen, and the agent is told', async () => {
  const { kept, model } = await scripted(writesToCrm);
  const target = await receiver();
  const first = await call('run_sales_agent', crmProps(target.url), kept);
  const { approvalPage } = waitingSchema.parse(first.output);
  const { body } = await sendForm(approvalPage, {
    call_0: 'reject',
    by: 'anna',
    reason: 'wrong number',
  });
  expect((await first.resume({ body })).output).toMatchObject({ status: 'completed' });
  expect(target.bodies).toEqual([]);
  expect(model.requests.at(-1)?.text).toContain('wrong number');
});

test('a person changes the input; what does not fit comes back with the reason', async () => {
  const { kept, model } = await scripted(writesToCrm);
  const target = await receiver();
  const notified = await receiver();
  const first = await call('run_sales_agent', { ...crmProps(target.url), notifyUrl: notified.url }, kept);
  const { approvalPage, runId } = waitingSchema.parse(first.output);
  const wrong = await sendForm(approvalPage, {
    call_0: 'edit',
    input_0: '{"fields": {"salary": "1"}}',
    by: 'anna',
  });
  const second = await first.resume({ body: wrong.body });
  const again = waitingSchema.parse(second.output);
  expect(target.bodies).toEqual([]);
  expect(notified.bodies.at(-1)).toMatchObject({
    approvalPage: again.approvalPage,
    problems: [expect.stringContaining('Only these fields can be changed')],
  });
  const { html, body } = await sendForm(again.approvalPage, {
    call_0: 'edit',
    input_0: '{"fields": {"phone": "+49 30 2"}}',
  });
  expect(html).toContain('Only these fields can be changed');
  expect(html).toContain('&quot;salary&quot;');
  expect(html).toContain('value="anna"');

  const done = await second.resume({ body: { ...body, by: 'anna' } });
  const { calls } = z
    .looseObject({ calls: z.array(z.looseObject({ phase: z.string() })) })
    .parse(done.output);
  expect(calls.find(({ phase }) => phase === 'edited')).toMatchObject({
    input: { fields: { phone: '+49 30 2' } },
    originalInput: { fields: { phone: '<b>+49 30 1</b>' } },
  });
  expect(target.bodies).toMatchObject([{ input: { fields: { phone: '+49 30 2' } } }]);
  expect(model.requests.at(-1)?.text).toContain('A person changed the input to');
  const rows = await auditRows(runId, 'edited');
  expect(rows).toMatchObject([
    {
      decidedBy: 'anna',
      input: { fields: { phone: '+49 30 2' } },
      originalInput: { fields: { phone: '<b>+49 30 1</b>' } },
    },
  ]);
});

test.each([
  ['nothing', {}],
  ['a changed input but plain approval', { call_0: 'approve', input_0: '{"fields": {}}', by: 'anna' }],
  ['an input that is no object', { call_0: 'edit', input_0: '[1]', by: 'anna' }],
  ['an input that is no JSON', { call_0: 'edit', input_0: '{', by: 'anna' }],
  ['no name', { call_0: 'approve', by: '' }],
  ['no decision', { by: 'anna' }],
  ['another page', { round: 'f'.repeat(24), call_0: 'approve', by: 'anna' }],
])('an answer with %s decides nothing: it waits again', async (_, fields) => {
  const { kept } = await scripted(writesToCrm);
  const target = await receiver();
  const first = await call('run_sales_agent', crmProps(target.url), kept);
  const { approvalPage } = waitingSchema.parse(first.output);
  const { body } = await sendForm(approvalPage, {});
  const again = await first.resume({ body: { ...body, ...fields } });
  expect(again.paused?.type).toBe('WEBHOOK');
  expect(again.output).toMatchObject({ status: 'approval_required' });
  expect(target.bodies).toEqual([]);
});

test('without PostgreSQL a write cannot wait; refused writes need none', async () => {
  const { auth, model } = await scripted(writesToCrm);
  const target = await receiver();
  const { contactId, ...props } = crmProps(target.url);
  const remembered = await failureOf(run('run_sales_agent', { ...props, contactId, writes: 'refuse' }, auth));
  expect(remembered).toMatchObject({ code: 'BIZ_AI_NOT_CONFIGURED' });
  const tool = { name: 'note', description: 'Notes.', label: 'write', url: target.url };
  const custom = { prompt: 'Note things.', task: 'Note it.', tools: [tool], allowedHosts: ['127.0.0.1'] };
  expect((await failureOf(run('run_custom_agent', custom, auth))).code).toBe('BIZ_AI_NOT_CONFIGURED');
  expect(model.requests).toEqual([]);
});

test('the sales agent cites a passage of an earlier search step', async () => {
  const quote = 'The warranty is five years';
  const { auth } = await scripted(({ toolResults }) =>
    toolResults === 0
      ? { calls: [{ name: 'search_knowledge', input: { query: 'warranty' } }] }
      : submit({ answer: 'Five years.', known: true, citations: [{ passageId: 'a', quote }] }),
  );
  const passages = [
    { id: 'b', score: 0.4, payload: { text: 'We deliver in a week.', title: 'Delivery' } },
    { id: 'a', score: 0.3, payload: { text: `Sure. ${quote}.`, source: 'faq.md' } },
  ];
  expect(
    await run('run_sales_agent', { task: 'Answer.', message: 'Warranty?', passages }, auth),
  ).toMatchObject({
    status: 'completed',
    result: { known: true, citations: [{ passageId: 'a', source: 'faq.md', quote, offsets: { start: 6 } }] },
  });
});

test('forgets a contact', async () => {
  const { kept } = await scripted(() => submit({ answer: 'Hello.', known: false }));
  const contactId = `c-${randomUUID()}`;
  await run('run_sales_agent', { task: 'Greet.', message: 'Hi', contactId, writes: 'refuse' }, kept);
  const forgotten = await run('forget_contact', { contactId }, kept);
  expect(forgotten).toMatchObject({ contactId, deleted: { runs: 1, turns: 2 } });
  expect(await run('forget_contact', { contactId }, kept)).toMatchObject({ deleted: { runs: 0, turns: 0 } });
});

test('the content agent gives variants with scores', async () => {
  const variant = { title: 'Pumps', metaDescription: 'On pumps.', body: 'Pumps move water.' };
  const { auth } = await scripted(() => submit({ variants: [variant] }));
  expect(
    await run('run_content_agent', { task: 'Write on pumps.', keywords: ['pumps'] }, auth),
  ).toMatchObject({
    result: { variants: [{ title: 'Pumps', seo: { keywords: [{ keyword: 'pumps', inTitle: true }] } }] },
  });
});

test('the finance agent answers with figures of the invoice, not of the model', async () => {
  const { auth } = await scripted(({ toolResults, tools, text }) => {
    if (toolResults === 0) {
      const name = tools.find((tool) => tool.includes('invoice')) ?? '';
      return {
        calls: [{ name, input: name.startsWith('find') ? { customer: 'Acme' } : { reference: 'R-7' } }],
      };
    }
    const fact = /([a-zA-Z0-9_.-]*total[a-zA-Z0-9_.-]*)\\+"\s*:/.exec(text)?.[1];
    return submit({ text: fact === undefined ? 'Nothing found.' : `The total is {{${fact}}}.` });
  });
  const { status, result } = await fieldsOf(
    { status: z.string(), result: z.looseObject({ facts: z.unknown() }) },
    'run_finance_agent',
    { task: 'Total of R-7?', invoices: [refundInvoice] },
    auth,
  );
  expect(status).toBe('completed');
  expect(JSON.stringify(result.facts)).toContain('119');
});

test('the operations agent reports what it looked at', async () => {
  const { auth } = await scripted(({ toolResults }) =>
    toolResults === 0
      ? { calls: [{ name: 'service_health', input: {} }] }
      : submit({
          summary: 'Kafka is down.',
          findings: [{ what: 'Kafka is down.', source: 'service_health', severity: 'critical' }],
        }),
  );
  const props = {
    task: 'Check.',
    health: [{ service: 'kafka', state: 'down' }],
    runbooks: { workers: ['mailer'] },
  };
  expect(await run('run_operations_agent', props, auth)).toMatchObject({
    result: { findings: [{ source: 'service_health', severity: 'critical' }] },
    calls: [{ tool: 'service_health', phase: 'done' }],
  });
});

/** A server of the Model Context Protocol with two tools; it answers calls as an event stream. */
async function startMcpServer() {
  const calls: unknown[] = [];
  const messageSchema = z.looseObject({
    id: z.number().optional(),
    method: z.string(),
    params: z.record(z.string(), z.unknown()).optional(),
  });
  const inputSchema = { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, method, params } = messageSchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
      if (id === undefined) return response.writeHead(202).end();
      if (method !== 'initialize' && request.headers['mcp-session-id'] !== 's-1')
        return response.writeHead(400).end();
      const reply = (result: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result });
      if (method === 'tools/call') {
        calls.push(params);
        const body = reply({ content: [{ type: 'text', text: 'In stock: 4' }] });
        return response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(`event: message\ndata: ${body}\n\n`);
      }
      const result =
        method === 'initialize'
          ? { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'shop', version: '1' } }
          : {
              tools: [
                { name: 'stock', description: 'Stock.', inputSchema },
                { name: 'wipe', inputSchema },
              ],
            };
      return response
        .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's-1' })
        .end(reply(result));
    });
  });
  const started = await listen(server);
  open.push(started);
  return { url: started.url, calls };
}

test('a custom agent uses the tools of an MCP server and of a flow, and only those that were named', async () => {
  const mcp = await startMcpServer();
  const flow = await receiver(() => ({ price: 9 }));
  const { auth, model } = await scripted(({ number }) => {
    if (number === 1) return { calls: [{ name: 'shop_stock', input: { sku: 'P1' } }] };
    if (number === 2) return { calls: [{ name: 'find_price', input: { sku: 'P1' } }] };
    return submit({ stock: 4, price: 9 });
  });
  const output = await run(
    'run_custom_agent',
    {
      prompt: 'You look things up.',
      task: 'Stock and price of P1?',
      mcpServers: [{ name: 'shop', url: mcp.url, tools: { stock: 'read' } }],
      allowedHosts: ['127.0.0.0/8'],
      tools: [
        {
          name: 'find_price',
          description: 'Price.',
          label: 'read',
          url: flow.url,
          input: { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] },
        },
      ],
      outputJsonSchema: {
        type: 'object',
        properties: { stock: { type: 'number' }, price: { type: 'number' } },
        required: ['stock', 'price'],
      },
    },
    auth,
  );
  expect(output).toMatchObject({ result: { stock: 4, price: 9 } });
  expect(mcp.calls).toEqual([{ name: 'stock', arguments: { sku: 'P1' } }]);
  expect(flow.bodies).toMatchObject([{ input: { sku: 'P1' } }]);
  expect(model.requests[0]?.tools).toEqual(expect.arrayContaining(['shop_stock', 'find_price']));
  expect(model.requests[0]?.tools).not.toContain('shop_wipe');
  expect(model.requests.at(-1)?.text).toContain('In stock: 4');
});

/** Answers every request with a redirect that keeps the method. */
async function redirectTo(target: string) {
  const server = createServer((_request, response) => response.writeHead(307, { location: target }).end());
  const started = await listen(server);
  open.push(started);
  return started.url;
}

const prices = (url: string) => [{ name: 'find_price', description: 'Price.', label: 'read', url }];

test.each<[string, Record<string, unknown>, Record<string, string>]>([
  ['nothing is listed', {}, {}],
  ['another host is listed', { allowedHosts: ['10.0.0.0/8', 'localhost'] }, {}],
  ['the connection lists another host', {}, { allowedHosts: 'mcp.example.com, 10.0.0.0/8' }],
])('calls no private address when %s', async (_, props, auth) => {
  const { auth: connection, model } = await scripted(() => submit({ answer: 'x' }));
  const target = await receiver();
  const mcp = await startMcpServer();
  const servers = [{ name: 'shop', url: mcp.url, tools: { stock: 'read' } }];
  for (const tools of [{ tools: prices(target.url) }, { mcpServers: servers }]) {
    const step = run(
      'run_custom_agent',
      { prompt: 'p', task: 't', ...tools, ...props },
      { ...connection, ...auth },
    );
    expect((await failureOf(step)).code).toBe('BIZ_AGENTS_HOST_REFUSED');
  }
  expect([...target.bodies, ...mcp.calls, ...model.requests]).toEqual([]);
});

test('a listed name may be called; a redirect from it to what is not listed ends there', async () => {
  const target = await receiver(() => ({ price: 9 }));
  const { auth, model } = await scripted(({ number }) =>
    number === 1 ? { calls: [{ name: 'find_price', input: {} }] } : submit({ answer: 'x' }),
  );
  const connection = { ...auth, allowedHosts: 'localhost' };
  const ask = (url: string) =>
    run('run_custom_agent', { prompt: 'p', task: 't', tools: prices(url) }, connection);
  const local = new URL(target.url);
  local.hostname = 'localhost';
  expect(await ask(local.href)).toMatchObject({ calls: [{ tool: 'find_price', phase: 'done' }] });
  expect(target.bodies).toHaveLength(1);

  const detour = new URL(await redirectTo(target.url));
  detour.hostname = 'localhost';
  model.requests.length = 0;
  expect(await ask(detour.href)).toMatchObject({
    status: 'completed',
    calls: [{ tool: 'find_price', phase: 'failed' }],
  });
  expect(model.requests.at(-1)?.text).toContain('BIZ_AGENTS_HOST_REFUSED');
  expect(target.bodies).toHaveLength(1);
});

test('a wrong entry of the allowed hosts is named', async () => {
  const { auth } = await scripted(() => submit({ answer: 'x' }));
  const error = await failureOf(
    run('run_custom_agent', { prompt: 'p', task: 't', allowedHosts: ['http://x.example'] }, auth),
  );
  expect(error).toMatchObject({ code: 'BIZ_AGENTS_CONFIG_INVALID' });
  expect(error.message).toContain('http://x.example');
});

test('the same step in the same run asks the model once', async () => {
  const { kept, model } = await scripted(() => submit({ answer: 'Done.' }));
  const options = {
    auth: kept,
    props: { prompt: 'Be short.', task: `Say done. ${randomUUID()}` },
    store: new MemoryStoreBackend(),
    identity: { runId: randomUUID() },
  };
  const action = actionOf(aiAgents, 'run_custom_agent');
  const one = await runAction(action, options);
  const two = await runAction(action, options);
  expect(two.output).toEqual({ ...z.looseObject({}).parse(one.output), calls: [] });
  expect(two.output).toMatchObject({ result: { answer: 'Done.' } });
  expect(model.requests).toHaveLength(1);
});

test.each([
  [
    'two tools of one name',
    { tools: [1, 2].map(() => ({ name: 'a', description: 'A', url: 'http://x.example' })) },
  ],
  ['a tool without an http URL', { tools: [{ name: 'a', description: 'A', url: 'file:///etc/passwd' }] }],
  ['data of another shape', { data: [{ text: 'x' }] }],
  ['too many steps', { maxSteps: 1000 }],
])('refuses %s before the model is asked', async (_, props) => {
  const { kept, model } = await scripted(() => 'never');
  const error = await failureOf(run('run_custom_agent', { prompt: 'p', task: 't', ...props }, kept));
  expect(error.code).toBe('BIZ_INPUT_INVALID');
  expect(error.message).not.toContain(KEY);
  expect(model.requests).toEqual([]);
});
