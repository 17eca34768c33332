import { randomUUID } from 'node:crypto';
import { LEADS_COLLECTION, pointId } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { Client } from 'pg';
import { generatedLead, generateLeads, postLead, readCourseLeads, sendAndFollow } from '../src';
import { access, endpoint, until } from './support';

const run = (batch: string, leads = generateLeads(40), count = Infinity) =>
  sendAndFollow({ endpoint, access, leads, count, batch, concurrency: 4, timeoutMs: 120_000 });

async function rowsOf(
  databaseUrl: string,
  sql: string,
  params: unknown[],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, params)).rows;
  } finally {
    await client.end();
  }
}

test('every lead reaches every station once, also when all are posted again', async () => {
  const batch = `whole-${randomUUID().slice(0, 8)}`;
  const first = await run(batch);
  expect(first).toMatchObject({ posted: 40, complete: true });
  const second = await run(batch);
  expect(second.census).toEqual(first.census);
}, 300_000);

test('what stands at each station is the same lead', async () => {
  const batch = `same-${randomUUID().slice(0, 8)}`;
  const hot = {
    ...generatedLead(1),
    externalId: batch,
    name: 'Grace Hopper',
    email: `grace.${batch}@navy.example`,
    phone: '+14155552671',
    company: 'Compilers & Co',
    jobTitle: 'CTO',
    message: 'We need a demo and a quote for 200 seats this month. Please call me.',
  };
  const { leadId } = await postLead(endpoint, { ...hot, attributes: { ...hot.attributes, batch } });
  const crm = await until('the score in the CRM', async () => {
    const [row] = await rowsOf(
      access.crm.databaseUrl,
      `select * from "crmLeads" where id = $1 and score is not null`,
      [leadId],
    );
    return row;
  });
  const [saved] = await rowsOf(access.business.databaseUrl, 'select * from leads where lead_id = $1', [
    leadId,
  ]);
  expect(saved).toMatchObject({
    name: 'Grace Hopper',
    company: 'Compilers & Co',
    grade: crm['grade'],
    score_model: crm['scoreModel'],
  });
  expect(Number(saved?.['score'])).toBeCloseTo(Number(crm['score']), 2);
  const reasons = saved?.['score_reasons'] as { contribution: number; text: string }[];
  expect(reasons.length).toBeGreaterThan(2);
  expect(reasons.every((reason) => reason.text.length > 0)).toBe(true);

  const eventId = String(saved?.['event_id']);
  const response = await fetch(
    `${access.qdrant.url}/collections/${LEADS_COLLECTION}/points/${pointId(eventId)}`,
    {
      headers: { 'api-key': access.qdrant.apiKey },
    },
  );
  const { result } = (await response.json()) as { result: { payload: Record<string, unknown> } };
  expect(result.payload).toMatchObject({ leadId, eventId, grade: crm['grade'] });
  expect(String(result.payload['text'])).toContain('demo and a quote');

  // A lead of grade A or B is told to the sales team, inside NocoBase.
  expect(['A', 'B']).toContain(crm['grade']);
  await until('the message in NocoBase', async () => {
    const found = await rowsOf(
      access.crm.databaseUrl,
      `select * from "notificationInAppMessages" where title like '%Grace Hopper%'`,
      [],
    );
    return found.length === 1;
  });

  const { url, user, password } = testFacts('clickhouse');
  await until('both events in ClickHouse', async () => {
    const query = `select count(distinct event_id) from bizstack.events where subject = 'lead/${leadId}'`;
    const answer = await fetch(`${url}/?query=${encodeURIComponent(query)}`, {
      headers: { 'x-clickhouse-user': String(user), 'x-clickhouse-key': String(password) },
    });
    return (await answer.text()).trim() === '2';
  });
}, 300_000);

const real = process.env['BIZSTACK_LEADS_CSV'];
(real === undefined ? test.skip : test)(
  '200 real leads reach every station once (needs BIZSTACK_LEADS_CSV)',
  async () => {
    const report = await run(`real-${randomUUID().slice(0, 8)}`, readCourseLeads(String(real)), 200);
    expect(report).toMatchObject({ posted: 200, complete: true });
  },
  300_000,
);
