import { evalLive } from '../../src/eval/live';
import { startScriptedOpenAi } from '../support/scripted-openai';

const NAMES = [
  'BIZSTACK_LLM_BASE_URL',
  'BIZSTACK_LLM_API_KEY',
  'BIZSTACK_LLM_MODEL',
  'ANTHROPIC_API_KEY',
  'OPENAI_API_KEY',
];
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));

beforeEach(() => {
  for (const name of NAMES) delete process.env[name];
});
afterAll(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe('scenarios on a real model', () => {
  it('say what is missing without a key', async () => {
    await expect(evalLive([])).rejects.toMatchObject({ code: 'BIZ_EVAL_NO_MODEL' });
  });

  it('pass and fail by what the model does', async () => {
    const server = await startScriptedOpenAi(() => ({
      toolCalls: [{ name: 'submit_result', input: { answer: 'I do not know.', known: false } }],
    }));
    const lines: string[] = [];
    const spy = jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((chunk) => (lines.push(String(chunk)), true));
    try {
      process.env.BIZSTACK_LLM_BASE_URL = server.url;
      await evalLive([
        '--json',
        '--model',
        'scripted',
        '--only',
        'sales-does-not-know',
        '--only',
        'sales-qualifies',
      ]);
    } finally {
      spy.mockRestore();
      await server.close();
    }
    const [line = ''] = lines.filter((text) => text.startsWith('{'));
    expect(JSON.parse(line)).toMatchObject({
      model: 'scripted',
      passed: 1,
      total: 2,
      outcomes: [
        { scenario: 'sales-does-not-know', passed: true },
        { scenario: 'sales-qualifies', passed: false },
      ],
    });
  });
});
