// Runs or resumes one agent with PostgreSQL, and kills itself where it is told to. Prints the outcome.
const { Client } = require('pg');
const { z } = require('zod');
const { Agent, customAgent } = require('../../dist/agents');
const { PostgresStore } = require('../../dist/memory');
const { createChatModel } = require('../../dist/providers');
const { defineTool } = require('../../dist/tools');

const given = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const { connectionString, schema, modelUrl, runId, killAt, idempotent, approval, decisions } = given;
const user = { id: 'anna', permissions: ['*'] };

const die = async () => {
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => undefined);
};

/** The world that is written to: a row for each time it happened. */
async function sendMail({ to }, { idempotencyKey }) {
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(
    `INSERT INTO ${schema}.effects (run_id, key, recipient)
     SELECT $1, $2, $3 WHERE NOT ($4 AND EXISTS (SELECT FROM ${schema}.effects WHERE key = $2))`,
    [runId, idempotencyKey, to, idempotent],
  );
  await client.end();
  if (killAt === 'after the effect') await die();
  return 'sent';
}

async function main() {
  const store = new PostgresStore({ connectionString, schema });
  const audit = {
    record: async (record) => {
      await store.audit.record(record);
      if (killAt === `audit ${record.phase}`) await die();
    },
  };
  const tool = defineTool({
    name: 'send_mail',
    description: 'Sends a mail.',
    label: 'write',
    idempotent,
    input: z.strictObject({ to: z.email() }),
    run: sendMail,
  });
  const agent = new Agent(
    customAgent({
      prompt: 'Send mails.',
      tools: [tool],
      output: z.strictObject({ answer: z.string() }),
    }),
    {
      model: createChatModel({
        provider: 'openai-compatible',
        baseUrl: modelUrl,
        apiKey: 'sk-scripted-key-0123456789abcdef',
        model: 'scripted',
        retries: { max: 0 },
      }),
      store,
      audit,
      approval: { write: approval },
    },
  );
  const result = decisions
    ? await agent.resume(runId, decisions, { user })
    : await agent.run({ task: 'Send the mail.' }, { user, runId });
  await store.close();
  return result;
}

main().then(
  (result) => process.stdout.write(JSON.stringify(result)),
  (error) =>
    process.stdout.write(JSON.stringify({ status: 'error', code: error.code, message: error.message })),
);
