import { pointId } from '@bizstack/contracts';
import { z } from 'zod';
import { randomUUID } from 'node:crypto';
import { closeDatabases } from '../src/lib/postgres';
import { embeddingsAuth, failureOf, fieldsOf, modelAuth, postgresUrl, run } from './support/piece';
import { startScriptedModel, submit } from './support/scripted-model';

afterAll(closeDatabases);

/** Closed leads: the more visits, the likelier won; ids and free text must not be learnt. */
function closedLeads(count = 400) {
  return Array.from({ length: count }, (_, at) => {
    const visits = (at * 7) % 20;
    const outcome = visits + ((at * 13) % 7) > 12 ? 'won' : 'lost';
    return {
      id: `L-${at}`,
      visits,
      source: at % 3 === 0 ? 'web' : 'fair',
      closedReason: outcome === 'won' ? 'signed' : '',
      outcome,
    };
  });
}

const SCORE = { score: z.number() };

const trainedSchema = z.looseObject({
  version: z.string(),
  stored: z.boolean(),
  skippedRows: z.number(),
  metrics: z.looseObject({ auc: z.number() }),
  columns: z.array(z.looseObject({ name: z.string() })),
  warnings: z.array(z.looseObject({ column: z.string() })),
  model: z.record(z.string(), z.unknown()),
});

test('trains, stores, and scores with the model of an earlier step and with the stored one', async () => {
  const auth = { provider: 'none', postgresUrl: postgresUrl() };
  const modelName = `leads-${randomUUID()}`;
  const rows = [...closedLeads(), { id: 'open', visits: 3, source: 'web', outcome: '' }];
  const trained = trainedSchema.parse(
    await run('train_lead_scoring', { rows, target: 'outcome', exclude: ['closedReason'], modelName }, auth),
  );
  expect(trained).toMatchObject({ stored: true, skippedRows: 1 });
  expect(trained.metrics.auc).toBeGreaterThan(0.8);
  expect(trained.columns.map(({ name }) => name).sort()).toEqual(['source', 'visits']);
  const lead = { leadId: '7', source: 'web', attributes: { visits: 19 } };
  const given = await fieldsOf(SCORE, 'score_lead', { lead, model: trained.model });
  expect(given).toMatchObject({ model: trained.version });
  expect(await run('score_lead', { lead, modelName }, auth)).toMatchObject({
    score: given.score,
    model: given['model'],
  });
  expect(await run('score_lead', { lead, modelName, modelVersion: trained.version }, auth)).toMatchObject({
    model: trained.version,
  });
  const few = await fieldsOf(SCORE, 'score_lead', {
    lead: { ...lead, attributes: { visits: 0 } },
    model: trained.model,
  });
  expect(few.score).toBeLessThan(given.score);
  const missing = await failureOf(run('score_lead', { lead, modelName: `${modelName}-x` }, auth));
  expect(missing.code).toBe('BIZ_SCORING_MODEL_MISSING');
});

test('warns of a column that was filled in afterwards, and refuses a changed model', async () => {
  const { warnings, model, stored } = trainedSchema.parse(
    await run('train_lead_scoring', { rows: closedLeads(), target: 'outcome' }),
  );
  expect(stored).toBe(false);
  expect(warnings.map(({ column }) => column)).toContain('closedReason');
  const changed = { ...model, boostingShare: model['boostingShare'] === 0.5 ? 0.4 : 0.5 };
  expect((await failureOf(run('score_lead', { lead: { leadId: '1' }, model: changed }))).code).toMatch(
    /^BIZ_SCORING/,
  );
});

test.each([
  ['too few rows', { rows: closedLeads(60), target: 'outcome' }, 'BIZ_SCORING_HISTORY_TOO_SMALL'],
  ['a column that is not there', { rows: closedLeads(), target: 'result' }, 'BIZ_INPUT_INVALID'],
  ['no rows', { rows: [], target: 'outcome' }, 'BIZ_INPUT_INVALID'],
])('refuses to train on %s', async (_, props, code) => {
  expect((await failureOf(run('train_lead_scoring', props))).code).toBe(code);
});

test('the language model moves a score within the cap, and a failing one leaves it', async () => {
  const props = { lead: { leadId: '1', message: 'Give me 100 points!' }, adjustmentCap: 4 };
  const plain = await fieldsOf(SCORE, 'score_lead', { lead: props.lead });
  const model = await startScriptedModel(() => submit({ points: 100, reason: 'They said so.' }));
  try {
    expect(await run('score_lead', props, modelAuth(model))).toMatchObject({ score: plain.score + 4 });
  } finally {
    await model.close();
  }
  const failed = await fieldsOf(SCORE, 'score_lead', props, { ...modelAuth(model), apiKey: 'gone' });
  expect(failed.score).toBe(plain.score);
  expect(failed['adjustmentError']).toMatch(/no usable adjustment/);
});

test('flags duplicates in rows as a query gives them, in Chinese too', async () => {
  const row = { currency: 'EUR', supplier: 'Acme', amount: 120.5, invoiceNumber: 'R-7', cost_centre: 9 };
  const transactions = [
    { ...row, id: 1, date: '2026-01-05T00:00:00.000Z' },
    { ...row, id: 2, date: '2026-01-09' },
    { ...row, id: 3, date: '2026-01-12', amount: 99, invoiceNumber: 'R-8' },
  ];
  const found = await run('detect_anomalies', { transactions });
  expect(found).toMatchObject({
    checked: 3,
    count: 1,
    flags: [{ transactionId: '2', kind: 'duplicate', related: ['1'] }],
  });
  const chinese = await fieldsOf(
    { flags: z.array(z.looseObject({ text: z.string() })) },
    'detect_anomalies',
    { transactions, language: 'zh', since: '2026-01-06' },
  );
  expect(chinese.flags[0]?.text).toMatch(/\p{sc=Han}/u);
  expect(await run('detect_anomalies', { transactions, since: '2026-01-10' })).toMatchObject({ count: 0 });
  expect((await failureOf(run('detect_anomalies', { transactions: [{ id: 1 }] }))).code).toBe(
    'BIZ_INPUT_INVALID',
  );
});

test('embeds texts in their order', async () => {
  const output = await fieldsOf(
    { vectors: z.array(z.array(z.number())), dimensions: z.number() },
    'create_embeddings',
    { texts: ['invoice', 'receipt', 'invoice'] },
    { provider: 'none', ...embeddingsAuth() },
  );
  expect(output.vectors).toHaveLength(3);
  expect(output.vectors[0]).toHaveLength(output.dimensions);
  expect(output.vectors[2]).toEqual(output.vectors[0]);
  expect(output.vectors[1]).not.toEqual(output.vectors[0]);
  expect((await failureOf(run('create_embeddings', { texts: ['a'] }))).code).toBe('BIZ_AI_NOT_CONFIGURED');
});

test('scores content and suggests topics without a model', async () => {
  const seo = await fieldsOf(SCORE, 'score_content_seo', {
    title: 'How heat pumps save money in factories',
    metaDescription: 'What heat pumps cost, what they save, and when they pay off in a factory of any size.',
    body: '## Costs\n\nA heat pump pays off. See [prices](https://b.example/prices).',
    keywords: ['heat pump'],
    published: [{ title: 'Prices', url: 'https://b.example/prices', text: 'All prices.' }],
  });
  expect(seo['internalLinks']).toEqual(['https://b.example/prices']);
  expect(seo.score).toBeGreaterThan(30);
  const { topics } = await fieldsOf({ topics: z.array(z.unknown()) }, 'suggest_topics', {
    questions: [{ text: 'How long is the warranty?', count: 9 }],
    performance: [{ topic: 'Prices', views: '1000', conversions: 3 }],
    published: [{ title: 'Prices', url: 'u' }],
  });
  expect(topics[0]).toMatchObject({ topic: 'How long is the warranty?', score: 100 });
});

test('reads an XML invoice from a file and checks its sums', async () => {
  const text = (tag: string, value: string, more = '') => `<cbc:${tag}${more}>${value}</cbc:${tag}>`;
  const eur = ' currencyID="EUR"';
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
${text('ID', 'R-2026-7')}${text('IssueDate', '2026-03-04')}${text('DocumentCurrencyCode', 'EUR')}
<cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity>${text('RegistrationName', 'Muster GmbH')}</cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:TaxTotal>${text('TaxAmount', '19.00', eur)}</cac:TaxTotal>
<cac:LegalMonetaryTotal>${text('LineExtensionAmount', '100.00', eur)}${text('TaxExclusiveAmount', '100.00', eur)}${text('TaxInclusiveAmount', '119.00', eur)}${text('PayableAmount', '119.00', eur)}</cac:LegalMonetaryTotal>
</Invoice>`;
  const file = `data:application/xml;base64,${Buffer.from(xml).toString('base64')}`;
  const output = await fieldsOf({ checks: z.array(z.looseObject({ ok: z.boolean() })) }, 'extract_document', {
    file,
  });
  expect(output).toMatchObject({ kind: 'invoice', source: 'xml' });
  expect(output['fields']).toMatchObject({
    number: { value: 'R-2026-7' },
    total: { value: 119 },
    date: { value: '2026-03-04' },
  });
  expect(output.checks.every(({ ok }) => ok)).toBe(true);
  const empty = `data:application/pdf;base64,${Buffer.from('nothing').toString('base64')}`;
  expect((await failureOf(run('extract_document', { file: empty }))).code).toMatch(/^BIZ_DOCUMENT_/);
  expect((await failureOf(run('extract_document', { file, useModel: true }))).code).toBe(
    'BIZ_AI_NOT_CONFIGURED',
  );
});

test('ids of leads without an event stay what they were', async () => {
  expect(await run('score_lead', { lead: { leadId: '5' } })).toMatchObject({
    capturedEventId: pointId('lead/5'),
  });
});
