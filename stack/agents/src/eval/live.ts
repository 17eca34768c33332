import { BizError, isBizError, messageOf } from '@bizstack/contracts';
import { parseArgs } from 'node:util';
import { MemoryStore } from '../memory';
import {
  addUsage,
  createChatModel,
  noUsage,
  type ChatModel,
  type ProviderConfigInput,
  type Usage,
} from '../providers';
import type { AuditRecord } from '../tools';
import { LIVE_SCENARIOS } from './live-scenarios';

interface Outcome {
  scenario: string;
  passed: boolean;
  /** What was wrong, or what the agent said. */
  note: string;
  usage: Usage;
  seconds: number;
}

/** Runs the agents' scenarios on a real model, with the key from the environment. Costs money. */
export async function evalLive(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      model: { type: 'string' },
      only: { type: 'string', multiple: true },
    },
  });
  const model = createChatModel(configFrom(process.env, values.model));
  const chosen = LIVE_SCENARIOS.filter(({ name }) => values.only === undefined || values.only.includes(name));
  if (chosen.length === 0) {
    throw new BizError(
      'BIZ_EVAL_SCENARIO_UNKNOWN',
      `Scenarios: ${LIVE_SCENARIOS.map(({ name }) => name).join(', ')}.`,
    );
  }
  const outcomes: Outcome[] = [];
  for (const { name, run } of chosen) outcomes.push(await runScenario(name, run, model));
  const passed = outcomes.filter((outcome) => outcome.passed).length;
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ model: model.model, passed, total: outcomes.length, outcomes })}\n`,
    );
    return;
  }
  for (const { scenario, passed: ok, seconds, usage, note } of outcomes) {
    const tokens = `${usage.inputTokens} + ${usage.outputTokens} tokens`;
    process.stdout.write(
      `${ok ? 'passed' : 'FAILED'}  ${scenario}  ${seconds} s, ${tokens}\n        ${note}\n`,
    );
  }
  process.stdout.write(`${passed} of ${outcomes.length} passed with ${model.model}.\n`);
}

async function runScenario(
  scenario: string,
  run: (typeof LIVE_SCENARIOS)[number]['run'],
  model: ChatModel,
): Promise<Outcome> {
  const started = Date.now();
  const records: AuditRecord[] = [];
  let usage = noUsage();
  const counted: ChatModel = {
    model: model.model,
    prices: model.prices,
    complete: async (request, meter) => {
      const reply = await model.complete(request, meter);
      usage = addUsage(usage, { ...reply.usage, requests: 1, costUsd: null });
      return reply;
    },
  };
  const end = (passed: boolean, note: string): Outcome => ({
    scenario,
    passed,
    note: note.replace(/\s+/g, ' ').slice(0, 300),
    usage,
    seconds: Math.round((Date.now() - started) / 100) / 10,
  });
  try {
    const note = await run({
      model: counted,
      store: new MemoryStore(),
      audit: { record: async (record) => void records.push(record) },
    });
    return end(true, note);
  } catch (error) {
    return end(false, isBizError(error) ? `${error.code}: ${error.message}` : messageOf(error));
  }
}

/** Where the key is: `BIZSTACK_LLM_*` goes before the providers' own variables. */
export function configFrom(env: NodeJS.ProcessEnv, model?: string): ProviderConfigInput {
  const { BIZSTACK_LLM_BASE_URL: baseUrl, BIZSTACK_LLM_API_KEY: own, BIZSTACK_LLM_MODEL: named } = env;
  const { ANTHROPIC_API_KEY: anthropic, OPENAI_API_KEY: openai } = env;
  const chosen = model ?? named;
  if (baseUrl && chosen)
    return { provider: 'openai-compatible', baseUrl, apiKey: own || 'none', model: chosen };
  if (anthropic && chosen) return { provider: 'anthropic', apiKey: anthropic, model: chosen };
  if (openai && chosen) return { provider: 'openai', apiKey: openai, model: chosen };
  throw new BizError('BIZ_EVAL_NO_MODEL', 'Live scenarios need a model and its key.', {
    hint: 'Set ANTHROPIC_API_KEY, OPENAI_API_KEY or BIZSTACK_LLM_BASE_URL, and BIZSTACK_LLM_MODEL (or --model).',
  });
}
