import { isBizError } from '@bizstack/contracts';
import { createChatModel, UsageMeter, type ProviderConfigInput } from '../../src/providers';
import { startScriptedAnthropic } from '../support/scripted-anthropic';
import { startScriptedOpenAi } from '../support/scripted-openai';
import type { Reply, Script, ScriptedServer } from '../support/scripted-server';

const KEY = 'sk-test-5f1c0de5ecret';
const PRICES = { scripted: { input: 10, output: 100, cachedInput: 1, cacheWrite: 20 } };

interface Kind {
  provider: 'openai' | 'anthropic';
  start: (script: Script) => Promise<ScriptedServer>;
}
const KINDS: Kind[] = [
  { provider: 'openai', start: startScriptedOpenAi },
  { provider: 'anthropic', start: startScriptedAnthropic },
];

let servers: ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

describe.each(KINDS)('$provider', ({ provider, start }) => {
  async function modelOf(
    script: Script,
    options: Partial<Pick<ProviderConfigInput, 'timeoutMs' | 'retries'>> = {},
  ) {
    const server = await start(script);
    servers.push(server);
    const model = createChatModel({
      provider,
      baseUrl: server.url,
      apiKey: KEY,
      model: 'scripted',
      prices: PRICES,
      retries: { max: 0 },
      ...options,
    });
    return { server, model, meter: new UsageMeter() };
  }

  const hello = [
    { role: 'system' as const, content: 'You are a test.' },
    { role: 'user' as const, content: 'hello' },
  ];
  const tool = {
    name: 'add',
    description: 'adds',
    parameters: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
  };

  it('answers, with what it cost', async () => {
    const { server, model, meter } = await modelOf(() => ({ text: 'Hello back.' }));
    const reply = await model.complete({ messages: hello }, meter);
    expect(reply).toMatchObject({ text: 'Hello back.', toolCalls: [] });
    expect(server.requests[0]).toMatchObject({ system: 'You are a test.', last: 'hello' });
    const written = provider === 'anthropic' ? 10 : 0;
    expect(meter.usage).toEqual({
      requests: 1,
      inputTokens: 100,
      outputTokens: 20,
      cachedInputTokens: 40,
      cacheWriteTokens: written,
      costUsd: ((60 - written) * 10 + 40 * 1 + written * 20 + 20 * 100) / 1e6,
    });
  });

  it.each([true, false])('calls tools (streamed: %s) and gets their results', async (streamed) => {
    const onText = streamed ? () => undefined : undefined;
    const { server, model, meter } = await modelOf(({ number }) =>
      number === 1
        ? {
            text: 'Let me see.',
            toolCalls: [
              { name: 'add', input: { a: 2 } },
              { name: 'add', input: { a: 3 } },
            ],
          }
        : { text: 'done' },
    );
    const first = await model.complete({ messages: hello, tools: [tool], toolChoice: 'auto', onText }, meter);
    expect(first.text).toBe('Let me see.');
    expect(first.toolCalls.map(({ name, input }) => [name, input])).toEqual([
      ['add', { a: 2 }],
      ['add', { a: 3 }],
    ]);
    await model.complete(
      {
        messages: [
          ...hello,
          { role: 'assistant', content: first.text, toolCalls: first.toolCalls },
          ...first.toolCalls.map(({ id }, index) => ({
            role: 'tool' as const,
            toolCallId: id,
            content: `result ${index}`,
          })),
        ],
        tools: [tool],
        onText,
      },
      meter,
    );
    expect(server.requests[0]?.tools).toEqual(['add']);
    expect(JSON.stringify(server.requests[1]?.body)).toContain('result 1');
    expect(
      server.requests[1]?.messages.flatMap((message) => message.toolCalls.map((call) => call.name)),
    ).toEqual(['add', 'add']);
    expect(meter.usage).toMatchObject({ requests: 2, inputTokens: 200 });
    expectOutput(meter, 40);
  });

  it('streams the text in parts', async () => {
    const { model, meter } = await modelOf(() => ({ text: 'A text in several parts.' }));
    const parts: string[] = [];
    const reply = await model.complete({ messages: hello, onText: (part) => parts.push(part) }, meter);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.join('')).toBe('A text in several parts.');
    expect(reply.text).toBe('A text in several parts.');
    expect(meter.usage).toMatchObject({ inputTokens: 100, cachedInputTokens: 40 });
    expectOutput(meter, 20);
  });

  const failures: [string, Reply, string][] = [
    ['a wrong key', { status: 401, error: `Incorrect API key provided: ${KEY}` }, 'BIZ_AGENTS_KEY_WRONG'],
    ['an unknown model', { status: 404, error: `no model for ${KEY}` }, 'BIZ_AGENTS_MODEL_UNKNOWN'],
    ['a rate limit', { status: 429, error: 'slow down' }, 'BIZ_AGENTS_RATE_LIMITED'],
    ['no quota', { status: 429, error: 'You exceeded your current quota' }, 'BIZ_AGENTS_QUOTA_SPENT'],
    ['a refusal', { refusal: 'I will not.' }, 'BIZ_AGENTS_REFUSED'],
    ['HTML instead of JSON', { raw: '<html>gateway</html>' }, 'BIZ_AGENTS_RESPONSE_MALFORMED'],
    ['half a JSON', { raw: '{"choices": [{"mess' }, 'BIZ_AGENTS_RESPONSE_MALFORMED'],
    ['a server that fails', { status: 503, error: 'overloaded' }, 'BIZ_AGENTS_PROVIDER_DOWN'],
    ['a bad request', { status: 400, error: `bad: ${KEY}` }, 'BIZ_AGENTS_REQUEST_REFUSED'],
    [
      'too long a conversation',
      { status: 400, error: 'prompt is too long: 300000 tokens' },
      'BIZ_AGENTS_CONTEXT_TOO_LONG',
    ],
    ['an answer that is too long', { truncated: 'and so on and' }, 'BIZ_AGENTS_OUTPUT_TRUNCATED'],
    ['a closed socket', { cut: '' }, 'BIZ_AGENTS_UNREACHABLE'],
    ['no answer at all', { hang: true }, 'BIZ_AGENTS_TIMEOUT'],
  ];
  it.each(failures)('says so: %s', async (_what, reply, code) => {
    const { model, meter } = await modelOf(() => reply, { timeoutMs: 'hang' in reply ? 100 : 10_000 });
    const error = await model.complete({ messages: hello }, meter).catch((caught: unknown) => caught);
    expect(isBizError(error) && error.code).toBe(code);
    expect(everythingOf(error)).not.toContain(KEY);
  });

  it('sees a refusal in a stream', async () => {
    const { model, meter } = await modelOf(() => ({ refusal: 'I will not.' }));
    await expect(model.complete({ messages: hello, onText: () => undefined }, meter)).rejects.toMatchObject({
      code: 'BIZ_AGENTS_REFUSED',
    });
  });

  it('sees a stream that is cut off', async () => {
    const { model, meter } = await modelOf(() => ({ cut: 'The answer is' }));
    const parts: string[] = [];
    await expect(
      model.complete({ messages: hello, onText: (part) => parts.push(part) }, meter),
    ).rejects.toMatchObject({ code: 'BIZ_AGENTS_STREAM_CUT' });
    expect(meter.usage.requests).toBe(0);
  });

  it('does not try again what was shown already', async () => {
    const { server, model, meter } = await modelOf(() => ({ cut: 'The answer is long' }), {
      retries: { max: 3 },
    });
    await expect(model.complete({ messages: hello, onText: () => undefined }, meter)).rejects.toMatchObject({
      code: 'BIZ_AGENTS_STREAM_CUT',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('waits as long as the server says, then tries again', async () => {
    const { server, model, meter } = await modelOf(
      ({ number }) =>
        number < 3 ? { status: 429, headers: { 'retry-after': '0.05' }, error: 'slow' } : { text: 'now' },
      { retries: { max: 3 } },
    );
    await expect(model.complete({ messages: hello }, meter)).resolves.toMatchObject({ text: 'now' });
    expect(server.requests).toHaveLength(3);
    expect(meter.usage.requests).toBe(1);
  });

  it('gives up at once when the server asks for more time than there is', async () => {
    const { server, model, meter } = await modelOf(
      () => ({ status: 429, headers: { 'retry-after': '3600' }, error: 'slow' }),
      { retries: { max: 3, budgetMs: 5_000 } },
    );
    await expect(model.complete({ messages: hello }, meter)).rejects.toMatchObject({
      code: 'BIZ_AGENTS_RATE_LIMITED',
      details: { status: 429, retryAfterMs: 3_600_000 },
    });
    expect(server.requests).toHaveLength(1);
  });

  it('tries a wrong key once only', async () => {
    const { server, model, meter } = await modelOf(() => ({ status: 401, error: 'no' }), {
      retries: { max: 3 },
    });
    await expect(model.complete({ messages: hello }, meter)).rejects.toMatchObject({
      code: 'BIZ_AGENTS_KEY_WRONG',
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([true, false])('can be cancelled (streamed: %s)', async (streamed) => {
    const controller = new AbortController();
    const { model, meter } = await modelOf(
      () => {
        setImmediate(() => controller.abort());
        return { hang: true };
      },
      { retries: { max: 3 } },
    );
    await expect(
      model.complete(
        { messages: hello, signal: controller.signal, onText: streamed ? () => undefined : undefined },
        meter,
      ),
    ).rejects.toMatchObject({ code: 'BIZ_AGENTS_CANCELLED' });
  });

  it('stops at the limits of the run', async () => {
    const { server, model } = await modelOf(() => ({ text: 'x' }));
    const meter = new UsageMeter({ maxCostUsd: 0.000001 });
    await model.complete({ messages: hello }, meter);
    await expect(model.complete({ messages: hello }, meter)).rejects.toMatchObject({
      code: 'BIZ_AGENTS_BUDGET_SPENT',
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe('only here and there', () => {
  const hello = [
    { role: 'system' as const, content: 'You are a test.' },
    { role: 'user' as const, content: 'hello' },
  ];

  it('Anthropic: the system prompt and the last tool are marked for the cache', async () => {
    const server = await startScriptedAnthropic(() => ({ text: 'x' }));
    servers.push(server);
    const tools = ['a', 'b'].map((name) => ({ name, description: name, parameters: { type: 'object' } }));
    for (const promptCaching of [true, false]) {
      const config = {
        provider: 'anthropic',
        baseUrl: server.url,
        apiKey: KEY,
        model: 'm',
        promptCaching,
      } as const;
      await createChatModel(config).complete({ messages: hello, tools }, new UsageMeter());
    }
    const mark = { cache_control: { type: 'ephemeral' } };
    expect(server.requests[0]?.body).toMatchObject({
      system: [mark],
      tools: [{ name: 'a' }, { name: 'b', ...mark }],
    });
    expect(JSON.stringify(server.requests[1]?.body)).not.toContain('cache_control');
  });

  it('OpenAI: arguments that are no JSON are kept as they came, also from a stream', async () => {
    const server = await startScriptedOpenAi(() => ({ toolCalls: [{ name: 'add', raw: '{"a": 1, "b": ' }] }));
    servers.push(server);
    const model = createChatModel({
      provider: 'openai-compatible',
      baseUrl: server.url,
      apiKey: KEY,
      model: 'm',
    });
    const tools = [{ name: 'add', description: 'adds', parameters: { type: 'object' } }];
    for (const onText of [undefined, () => undefined]) {
      const reply = await model.complete({ messages: hello, tools, onText }, new UsageMeter());
      expect(reply.toolCalls).toEqual([
        { id: expect.any(String) as string, name: 'add', input: {}, malformed: '{"a": 1, "b": ' },
      ]);
    }
  });

  it('a cost limit needs a price', async () => {
    const model = createChatModel({
      provider: 'openai-compatible',
      baseUrl: 'http://127.0.0.1:1/v1',
      apiKey: KEY,
      model: 'unpriced',
    });
    await expect(
      model.complete({ messages: hello }, new UsageMeter({ maxCostUsd: 1 })),
    ).rejects.toMatchObject({
      code: 'BIZ_AGENTS_PRICE_UNKNOWN',
    });
  });

  it('nobody there', async () => {
    const config = { baseUrl: 'http://127.0.0.1:1/v1', apiKey: KEY, model: 'm', retries: { max: 0 } };
    const model = createChatModel({ provider: 'openai-compatible', ...config });
    await expect(model.complete({ messages: hello }, new UsageMeter())).rejects.toMatchObject({
      code: 'BIZ_AGENTS_UNREACHABLE',
    });
  });

  it('no redirect is followed: the key would go along', async () => {
    const elsewhere = await startScriptedOpenAi(() => ({ text: 'gotcha' }));
    const server = await startScriptedOpenAi(() => ({
      status: 307,
      headers: { location: `${elsewhere.url}/chat/completions` },
      error: 'moved',
    }));
    servers.push(server, elsewhere);
    const config = { baseUrl: server.url, apiKey: KEY, model: 'm', retries: { max: 0 } };
    const model = createChatModel({ provider: 'openai-compatible', ...config });
    await expect(model.complete({ messages: hello }, new UsageMeter())).rejects.toMatchObject({
      code: 'BIZ_AGENTS_UNREACHABLE',
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it.each([
    [{ provider: 'openai-compatible', apiKey: KEY, model: 'm' }],
    [{ provider: 'openai', apiKey: '', model: 'm' }],
    [{ provider: 'nobody', apiKey: KEY, model: 'm' }],
    [{ provider: 'openai', apiKey: KEY, model: 'm', baseUrl: `https://u:${KEY}@example.com` }],
    [{ provider: 'openai', apiKey: KEY, model: 'm', baseUrl: 'file:///etc/passwd' }],
    [{ provider: 'openai', apiKey: KEY, model: 'm', surprise: 1 }],
  ])('refuses the configuration %#', (config) => {
    let error: unknown;
    try {
      createChatModel(config as ProviderConfigInput);
    } catch (caught) {
      error = caught;
    }
    expect(isBizError(error, 'BIZ_AGENTS_CONFIG_INVALID')).toBe(true);
    expect(everythingOf(error)).not.toContain(KEY);
  });
});

/** LangChain counts the first token of Anthropic's streams twice: the count may be one too high, never too low. */
function expectOutput(meter: UsageMeter, tokens: number): void {
  expect(meter.usage.outputTokens).toBeGreaterThanOrEqual(tokens);
  expect(meter.usage.outputTokens).toBeLessThanOrEqual(tokens + meter.usage.requests);
}

/** Message, stack, details and causes of an error. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  const own = JSON.stringify(Object.fromEntries(Object.entries(error)));
  return `${error.message}\n${error.stack}\n${own}\n${error.cause === undefined ? '' : everythingOf(error.cause)}`;
}
