import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { Client } from 'pg';
import { z } from 'zod';
import { Agent, salesAgent, type Passage } from '../../src/agents';
import { PostgresStore } from '../../src/memory';
import { SupervisorTeam, type TeamEvent } from '../../src/teams';
import { defineTool } from '../../src/tools';
import { startHarness, submit, USER, type Harness } from '../support/harness';

const connectionString = () => testFacts('postgres').admin_url ?? '';
const schema = `memory_test_${process.pid}_${Date.now()}`;
const newStore = () => new PostgresStore({ connectionString: connectionString(), schema });

let store: PostgresStore;
let client: Client;
let harnesses: Harness[] = [];

beforeAll(async () => {
  store = newStore();
  await store.migrate();
  client = new Client({ connectionString: connectionString() });
  await client.connect();
});
afterEach(async () => {
  await Promise.all(harnesses.map((harness) => harness.close()));
  harnesses = [];
});
afterAll(async () => {
  await client.query(`DROP SCHEMA ${schema} CASCADE`);
  await client.end();
  await store.close();
});

/** Rows of every table that have the text anywhere, in binary columns and within base64 too. */
async function rowsWith(text: string): Promise<string[]> {
  const { rows: tables } = await client.query<{ table_name: string }>(
    'SELECT table_name FROM information_schema.tables WHERE table_schema = $1',
    [schema],
  );
  const found: string[] = [];
  for (const { table_name: table } of tables) {
    const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM ${schema}.${table}`);
    for (const row of rows) {
      const all = Object.values(row)
        .map((value) => (Buffer.isBuffer(value) ? value.toString('utf8') : JSON.stringify(value)))
        .join('\n');
      if (all.includes(text)) found.push(table);
    }
  }
  return found;
}

describe('the tables', () => {
  it('can be made twice, and by several at once', async () => {
    const own = `${schema}_twice`;
    const stores = [1, 2, 3].map(
      () => new PostgresStore({ connectionString: connectionString(), schema: own }),
    );
    try {
      await Promise.all(stores.map((one) => one.migrate()));
      await stores[0]?.migrate();
      const { rows } = await client.query(`SELECT version FROM ${own}.migrations`);
      expect(rows).toEqual([{ version: 0 }, { version: 1 }]);
    } finally {
      await Promise.all(stores.map((one) => one.close()));
      await client.query(`DROP SCHEMA ${own} CASCADE`);
    }
  });

  it('are made in a schema that somebody else made, without the right to make one', async () => {
    const own = `${schema}_given`;
    const role = `${schema}_limited`;
    const url = new URL(connectionString());
    url.pathname = new URL(testFacts('postgres').database_url_business_data ?? '').pathname;
    const administrator = new Client({ connectionString: url.href });
    await administrator.connect();
    const password = randomUUID();
    await administrator.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    await administrator.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${url.pathname.slice(1)} TO ${role}`);
    const limitedUrl = new URL(url);
    Object.assign(limitedUrl, { username: role, password });
    const limited = new PostgresStore({ connectionString: limitedUrl.href, schema: own });
    try {
      await expect(limited.migrate()).rejects.toMatchObject({ code: 'BIZ_AGENTS_STORE_FAILED' });
      // An administrator migrates and hands over; from then on the limited user does with what it has.
      const first = new PostgresStore({ connectionString: url.href, schema: own });
      await first.migrate();
      await first.close();
      await administrator.query(`ALTER SCHEMA ${own} OWNER TO ${role}`);
      await administrator.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${own} TO ${role}`);
      await limited.migrate();
      await expect(limited.runs.get('none')).resolves.toBeUndefined();
    } finally {
      await limited.close();
      await administrator.query(`DROP SCHEMA IF EXISTS ${own} CASCADE`);
      await administrator.query(`DROP OWNED BY ${role}`);
      await administrator.query(`DROP ROLE ${role}`);
      await administrator.end();
    }
  });

  it('are made by the role that the stack gives to the agents', async () => {
    const own = `${schema}_business`;
    const { database_url_business_data: business = '' } = testFacts('postgres');
    const limited = new PostgresStore({ connectionString: business, schema: own });
    const owner = new Client({ connectionString: business });
    await owner.connect();
    try {
      await limited.migrate();
      await expect(limited.runs.get('none')).resolves.toBeUndefined();
    } finally {
      await limited.close();
      await owner.query(`DROP SCHEMA IF EXISTS ${own} CASCADE`);
      await owner.end();
    }
  });

  it.each(['', 'Upper', 'a-b', 'x"; DROP SCHEMA public; --'])('refuse the schema name %j', (name) => {
    expect(() => new PostgresStore({ connectionString: connectionString(), schema: name })).toThrow(
      expect.objectContaining({ code: 'BIZ_AGENTS_CONFIG_INVALID' }) as Error,
    );
  });
});

describe('a lock of a run', () => {
  it('keeps others off, and is free again after the work', async () => {
    const other = newStore();
    try {
      await store.runs.withLock('locked', async () => {
        await expect(other.runs.withLock('locked', async () => undefined)).rejects.toMatchObject({
          code: 'BIZ_AGENTS_RUN_BUSY',
        });
      });
      await expect(other.runs.withLock('locked', async () => 'mine')).resolves.toBe('mine');
    } finally {
      await other.close();
    }
  });

  it('is held by more runs at once than there are connections for statements', async () => {
    const small = new PostgresStore({ connectionString: connectionString(), schema, maxConnections: 2 });
    try {
      const work = ['a', 'b'].map((id) =>
        small.runs.withLock(`many-${id}`, async () => {
          await small.runs.open({ runId: `many-${id}`, agent: 'x', contactId: null, userId: 'u' });
          return small.runs.get(`many-${id}`);
        }),
      );
      expect((await Promise.all(work)).map((run) => run?.runId)).toEqual(['many-a', 'many-b']);
    } finally {
      await small.close();
    }
  });
});

describe('forgetting a contact', () => {
  const passage: Passage = {
    id: 'p',
    text: 'Chairs carry 150 kg.',
    source: 's',
    offsets: { start: 0, end: 20 },
    score: 1,
  };

  /** A conversation long enough for a summary, a booked change, an open approval, a failed run and a team. */
  async function leaveTraces(contactId: string, needle: string): Promise<void> {
    const harness = await startHarness(({ system, messages, last }) => {
      if (system.startsWith('Put a conversation in short')) return { text: `${needle} wants chairs` };
      if (system.startsWith('# Supervisor')) {
        return messages.some((message) => message.role === 'tool')
          ? submit({ answer: `${needle} was answered` })
          : { toolCalls: [{ name: 'hand_off_to_sales', input: { task: `answer ${needle}` } }] };
      }
      if (last.includes('fail')) return { status: 500, error: 'down' };
      if (!messages.some((message) => message.role === 'tool')) {
        return { toolCalls: [{ name: 'update_contact', input: { fields: { company: needle } } }] };
      }
      return submit({
        answer: `Dear ${needle}, ${'many words '.repeat(80)}`,
        known: false,
        qualification: { need: { value: needle, quote: `I am ${needle}` } },
      });
    }, store);
    harnesses.push(harness);
    const crm = { getContact: async () => ({}), updateContact: async () => undefined };
    const definition = salesAgent({ store, ports: { knowledge: { search: async () => [passage] }, crm } });
    const options = { user: USER, contactId };
    const message = (text: string) => ({ task: 'Answer.', data: [{ source: 'chat', text }] });
    const auto = new Agent(definition, harness.deps({ approval: { write: 'auto' }, memoryBudget: 100 }));
    await auto.run(message(`Hello, I am ${needle}`), options);
    await auto.run(message(`I am ${needle} again`), options);
    await auto.run(message(`fail for ${needle}`), options).catch(() => undefined);
    await new Agent(definition, harness.deps()).run(message(`I am ${needle}, waiting`), options);
    const team = new SupervisorTeam({
      model: harness.model,
      store,
      members: [{ agent: auto, description: 'sales' }],
    });
    const events: TeamEvent[] = [];
    for await (const event of team.run(`Write to ${needle}`, options)) events.push(event);
    expect(events.at(-1)?.type).toBe('completed');
  }

  it('leaves no row with anything of theirs, and all of the others', async () => {
    const [gone, kept] = [`Gone${Date.now()}Person`, `Kept${Date.now()}Person`];
    await leaveTraces('contact-gone', gone);
    await leaveTraces('contact-kept', kept);
    const tables = new Set(await rowsWith(gone));
    // The search finds what is there, or it would prove nothing.
    expect([...tables].sort()).toEqual(
      expect.arrayContaining([
        'checkpoint_blobs',
        'checkpoint_writes',
        'qualification',
        'runs',
        'summaries',
        'turns',
      ]),
    );
    const before = (await rowsWith(kept)).length;

    const rows = await store.forgetContact('contact-gone');
    for (const [what, count] of Object.entries(rows)) expect([what, count > 0]).toEqual([what, true]);
    expect(await rowsWith(gone)).toEqual([]);
    expect(await rowsWith('contact-gone')).toEqual([]);
    expect((await rowsWith(kept)).length).toBe(before);
    expect(await store.forgetContact('contact-gone')).toEqual({
      runs: 0,
      calls: 0,
      turns: 0,
      summaries: 0,
      qualification: 0,
      checkpoints: 0,
    });
  });

  it('also while a run of theirs works: it ends without a trace', async () => {
    const needle = `Working${Date.now()}Person`;
    const harness = await startHarness(
      ({ number }) =>
        number === 1 ? { toolCalls: [{ name: 'forget_now' }] } : submit({ answer: `Dear ${needle}` }),
      store,
    );
    harnesses.push(harness);
    const tool = defineTool({
      name: 'forget_now',
      description: 'somebody asks to be forgotten while the agent works',
      label: 'read',
      input: z.strictObject({}),
      run: async () => store.forgetContact('contact-working'),
    });
    const definition = {
      name: 'worker',
      prompt: 'x',
      tools: [tool],
      output: z.strictObject({ answer: z.string() }),
      check: async (result: { answer: string }) => ({ ok: true as const, result }),
      said: ({ answer }: { answer: string }) => answer,
    };
    const run = new Agent(definition, harness.deps()).run(
      { task: 'Answer.', data: [{ source: 'chat', text: `I am ${needle}` }] },
      { user: USER, contactId: 'contact-working' },
    );
    await expect(run).rejects.toMatchObject({ code: 'BIZ_AGENTS_RUN_GONE' });
    expect(await rowsWith(needle)).toEqual([]);
    expect(await rowsWith('contact-working')).toEqual([]);
  });
});
