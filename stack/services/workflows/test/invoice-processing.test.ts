import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { InvoiceProcessing, InvoiceProcessingInput, SupplierInvoice } from '../src/client';
import { generatePdf } from '../../../agents/test/documents/generated-pdf';
import { type Bed, newId, openBed } from './support/bed';
import { failureOf } from './support/failure';
import { type FakePayouts, startFakePayouts } from './support/payouts';
import { processing, supplierInvoice } from './support/supplier-invoices';
import { until } from './support/until';

let bed: Bed;
let payouts: FakePayouts;
const directory = mkdtempSync(join(tmpdir(), 'bizstack-sepa-'));

beforeAll(async () => {
  payouts = await startFakePayouts();
  bed = await openBed({
    WORKFLOWS_STRIPE_URL: payouts.url,
    WORKFLOWS_STRIPE_KEY: 'sk_test_workflows',
    WORKFLOWS_SEPA_DIRECTORY: directory,
    WORKFLOWS_SEPA_NAME: 'Example AG',
    WORKFLOWS_SEPA_IBAN: 'DE02 1203 0000 0000 2020 51',
  });
}, 180_000);

afterEach(() => {
  payouts.outcome = 'paid';
});

afterAll(async () => {
  await bed?.close();
  await payouts.close();
  rmSync(directory, { recursive: true, force: true });
});

function start(input: InvoiceProcessingInput): Promise<InvoiceProcessing> {
  return bed.workflows.startInvoiceProcessing(input, { workflowId: newId('inv'), taskQueue: bed.taskQueue });
}

function stage(workflow: InvoiceProcessing, wanted: string): Promise<unknown> {
  return until(`stage ${wanted}`, async () => (await workflow.state()).stage === wanted);
}

it('reads, approves, pays and posts an invoice', async () => {
  const workflow = await start(processing(supplierInvoice()));
  await stage(workflow, 'approval');
  expect(await workflow.state()).toMatchObject({
    category: 'Software and hosting',
    account: '6100',
    approvers: ['lead', 'deputy'],
    levels: 1,
  });
  expect(await workflow.waitingFor()).toMatchObject({ waitingFor: 'approval', amount: '119.00' });
  const listed = await until('the search attribute', async () => {
    const found = bed.client.workflow.list({
      query: `WorkflowId = '${workflow.workflowId}' AND BizWaitingFor = 'approval'`,
    });
    for await (const one of found) return one;
    return undefined;
  });
  expect(listed.memo).toMatchObject({ BizWaitingFor: { amount: '119.00' } });
  await workflow.update('approve', { by: 'lead' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid', gross: '119.00' });
  const { workflowId } = workflow;
  expect(payouts.made.get(`${workflowId}:payment:1`)).toMatchObject({ amount: '11900', currency: 'eur' });
  expect(await bed.books.balances(workflowId)).toEqual({ 1000: '-119', 1200: '19', 6100: '100' });
  expect(await bed.books.events(workflowId)).toEqual([
    'finance.invoice.received',
    'finance.invoice.approved',
    'finance.payment.settled',
    'finance.invoice.posted',
  ]);
  const report = await bed.books.rows(
    'SELECT category, gross::text FROM finance.spend_report WHERE workflow_id = $1',
    [workflowId],
  );
  expect(report).toEqual([{ category: 'Software and hosting', gross: '119.0000' }]);
});

it('takes a second invoice of the same supplier, number and amount for a duplicate, however it is spelled', async () => {
  const first = await start(processing(supplierInvoice({ number: 'RE 2026/0815-x' })));
  await stage(first, 'approval');
  const second = await start(
    processing(
      supplierInvoice({
        number: 're20260815X',
        supplier: { name: 'Other spelling', vatId: 'DE 123 456 789' },
      }),
    ),
  );
  expect(await second.result()).toMatchObject({ outcome: 'duplicate', duplicateOf: first.workflowId });
  await first.update('reject', { by: 'lead', reason: 'not ordered' });
  expect(await first.result()).toMatchObject({ outcome: 'rejected' });
  const third = await start(processing(supplierInvoice({ number: 'RE 2026/0815-x' })));
  await stage(third, 'approval');
  await third.update('cancel', { by: 'clerk', reason: 'test' });
  expect(await third.result()).toMatchObject({ outcome: 'cancelled' });
  expect(await bed.books.entries(first.workflowId)).toEqual([]);
});

it('asks every level that the amount needs, and counts four eyes', async () => {
  const invoice = supplierInvoice({
    lines: [{ description: 'Consulting', quantity: '1', unitPrice: '1000.00', taxRate: '19' }],
    ...{ net: '1000.00', tax: '190.00', gross: '1190.00' },
  });
  const workflow = await start(processing(invoice, { submittedBy: 'lead' }));
  await stage(workflow, 'approval');
  expect(await workflow.state()).toMatchObject({ level: 0, levels: 2 });
  expect(await failureOf(workflow.update('approve', { by: 'lead' }))).toMatchObject({
    type: 'BIZ_APPROVAL_REFUSED',
    message: expect.stringContaining('handed the invoice in') as string,
  });
  expect(await failureOf(workflow.update('approve', { by: 'stranger' }))).toMatchObject({
    message: expect.stringContaining('stranger is not asked at level 1') as string,
  });
  await workflow.update('delegate', { from: 'deputy', to: 'cfo' });
  expect((await workflow.update('approve', { by: 'cfo' })).level).toBe(1);
  expect(await failureOf(workflow.update('approve', { by: 'cfo' }))).toMatchObject({
    message: expect.stringContaining('cfo has approved already') as string,
  });
  await workflow.update('delegate', { from: 'cfo', to: 'controller' });
  await workflow.update('approve', { by: 'controller' });
  expect((await workflow.state()).stage).toBe('approval');
  await workflow.update('approve', { by: 'head' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid' });
  const approvals = await bed.books.rows(
    'SELECT level, person, on_behalf_of FROM finance.approvals WHERE workflow_id = $1 ORDER BY decided_at',
    [workflow.workflowId],
  );
  expect(approvals).toEqual([
    { level: 1, person: 'cfo', on_behalf_of: 'deputy' },
    { level: 2, person: 'controller', on_behalf_of: 'cfo' },
    { level: 2, person: 'head', on_behalf_of: null },
  ]);
});

it('asks for a correction when the amounts do not add up', async () => {
  const wrong = supplierInvoice({ gross: '120.00' });
  const workflow = await start(processing(wrong));
  await stage(workflow, 'correction');
  expect((await workflow.state()).problems).toEqual(['net 100.00 and tax 19.00 do not make 120.00']);
  expect(await failureOf(workflow.update('correct', { by: 'clerk', invoice: wrong }))).toMatchObject({
    type: 'BIZ_INPUT_INVALID',
  });
  await workflow.update('correct', { by: 'clerk', invoice: { ...wrong, gross: '119.00' } });
  await workflow.update('approve', { by: 'deputy' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid', gross: '119.00' });
});

/** A PDF file with these lines of label and value below the supplier's name. */
function printed(supplier: string, rows: readonly (readonly [string, string])[]) {
  const texts = rows.flatMap(([label, value], index) => [
    { x: 40, y: 100 + index * 20, text: label },
    { x: 400, y: 100 + index * 20, text: value },
  ]);
  const pdf = generatePdf({ texts: [{ x: 40, y: 50, text: supplier, size: 16 }, ...texts] });
  return {
    kind: 'document',
    mediaType: 'application/pdf',
    base64: Buffer.from(pdf).toString('base64'),
  } as const;
}

it('reads a PDF file and pays what is printed on it', async () => {
  const number = `FX-${Date.now()}`;
  const document = printed('Fox Analytics Ltd', [
    ['Invoice number', number],
    ['Invoice date', '7 May 2024'],
    ['Net amount', 'GBP 100.00'],
    ['VAT 20%', 'GBP 20.00'],
    ['Total due', 'GBP 120.00'],
  ]);
  const workflow = await start(processing(supplierInvoice(), { document }));
  await stage(workflow, 'approval');
  expect(await workflow.state()).toMatchObject({
    draft: null,
    invoice: {
      supplier: { name: 'Fox Analytics Ltd' },
      ...{ number, issuedOn: '2024-05-07', currency: 'GBP', net: '100.00', tax: '20.00', gross: '120.00' },
    },
  });
  await workflow.update('approve', { by: 'lead' }, 'approve');
  expect(await workflow.result()).toMatchObject({ outcome: 'paid', number, gross: '120.00' });
});

it('keeps what it could read of a document for the person who corrects it', async () => {
  const number = `FX-${Date.now()}`;
  const document = printed('Fox Analytics Ltd', [
    ['Invoice number', number],
    ['Invoice date', '7 May 2024'],
    ['Total due', 'GBP 120.00'],
  ]);
  const workflow = await start(processing(supplierInvoice(), { document }));
  await stage(workflow, 'correction');
  const state = await workflow.state();
  expect(state).toMatchObject({ invoice: null, draft: { number, gross: '120.00', currency: 'GBP' } });
  expect(state.problems.join()).toContain('tax');
  const invoice = { ...supplierInvoice(), number, currency: 'GBP' };
  await workflow.update('correct', { by: 'clerk', invoice }, 'correct');
  await stage(workflow, 'approval');
  expect(await workflow.state()).toMatchObject({ draft: null, invoice: { number } });
});

it('asks a person where the document cannot be read at all', async () => {
  const base64 = Buffer.from('%PDF-1.7\nbroken').toString('base64');
  const document = { kind: 'document', mediaType: 'application/pdf', base64 } as const;
  const workflow = await start(processing(supplierInvoice(), { document }));
  await stage(workflow, 'correction');
  expect((await workflow.state()).problems).not.toEqual([]);
});

it('reads UBL and pays it by SEPA file', async () => {
  const number = newId('UBL');
  const workflow = await start(
    processing(supplierInvoice(), { document: { kind: 'ubl', xml: ubl(number) }, paymentMethod: 'sepa' }),
  );
  await stage(workflow, 'approval');
  expect((await workflow.state()).invoice).toMatchObject({
    supplier: { name: 'Papier & Mehr GmbH', vatId: 'DE987654321', iban: 'DE89370400440532013000' },
    number,
    gross: '23.80',
    lines: [{ description: 'Paper A4', quantity: '4', unitPrice: '5.00', taxRate: '19.00' }],
  });
  await workflow.update('approve', { by: 'lead' });
  await stage(workflow, 'awaiting_confirmation');
  const { paymentReference } = await workflow.state();
  expect(readdirSync(directory)).toEqual([`${paymentReference}.xml`]);
  const xml = readFileSync(join(directory, `${paymentReference}.xml`), 'utf8');
  expect(XMLValidator.validate(xml)).toBe(true);
  const document = new XMLParser({ parseTagValue: false }).parse(xml) as {
    Document: { CstmrCdtTrfInitn: { PmtInf: { CtrlSum: string; CdtTrfTxInf: { Cdtr: { Nm: string } } } } };
  };
  expect(document.Document.CstmrCdtTrfInitn.PmtInf).toMatchObject({
    CtrlSum: '23.80',
    DbtrAcct: { Id: { IBAN: 'DE02120300000000202051' } },
    CdtTrfTxInf: { Cdtr: { Nm: 'Papier + Mehr GmbH' }, RmtInf: { Ustrd: number } },
  });
  await workflow.update('confirmPayment', { by: 'treasurer', reference: 'statement-7' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid', paymentReference: 'statement-7' });
  expect(await bed.books.balances(workflow.workflowId)).toEqual({ 1000: '-23.8', 1200: '3.8', 6300: '20' });
});

it.each([
  ['not XML', '<Invoice'],
  ['another document', '<Order xmlns="urn:x"><ID>1</ID></Order>'],
  ['an entity', '<!DOCTYPE x [<!ENTITY a "b">]><Invoice>&a;</Invoice>'],
  ['missing fields', '<Invoice><ID>1</ID></Invoice>'],
])('asks a person about %s', async (_what, xml) => {
  const workflow = await start(processing(supplierInvoice(), { document: { kind: 'ubl', xml } }));
  await stage(workflow, 'correction');
  expect(await workflow.waitingFor()).toMatchObject({ waitingFor: 'invoice_correction' });
  await workflow.update('cancel', { by: 'clerk', reason: 'unreadable' });
  expect(await workflow.result()).toMatchObject({ outcome: 'cancelled', number: null });
});

it('asks a person when the provider refuses, and pays once when told to try again', async () => {
  payouts.outcome = 'refused';
  const workflow = await start(processing(supplierInvoice()));
  await stage(workflow, 'approval');
  await workflow.update('approve', { by: 'lead' });
  await stage(workflow, 'payment_failed');
  expect((await workflow.state()).problems.join()).toContain('402');
  payouts.outcome = 'paid';
  await workflow.update('retryPayment', { by: 'treasurer' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid' });
  expect([...payouts.made.keys()].filter((key) => key.startsWith(workflow.workflowId))).toEqual([
    `${workflow.workflowId}:payment:2`,
  ]);
});

it('reverses the liability of an invoice that is cancelled after it could not be paid', async () => {
  payouts.outcome = 'refused';
  const workflow = await start(processing(supplierInvoice()));
  await stage(workflow, 'approval');
  await workflow.update('approve', { by: 'lead' });
  await stage(workflow, 'payment_failed');
  await workflow.update('cancel', { by: 'clerk', reason: 'goods returned' });
  expect(await workflow.result()).toMatchObject({ outcome: 'cancelled' });
  expect(await bed.books.balances(workflow.workflowId)).toEqual({});
  expect(await bed.books.entries(workflow.workflowId)).toHaveLength(2);
});

it('takes the liability back when it is cancelled while it is scheduled', async () => {
  const workflow = await start(processing(supplierInvoice({ dueOn: '2999-01-01' })));
  await stage(workflow, 'approval');
  await workflow.update('approve', { by: 'lead' });
  expect((await workflow.state()).stage).toBe('scheduled');
  await workflow.cancel();
  await expect(workflow.result()).rejects.toThrow('cancelled');
  expect(await bed.books.balances(workflow.workflowId)).toEqual({});
});

it('refuses a policy that leaves an amount without approvers, naming the field', async () => {
  const input = processing(supplierInvoice(), { policy: { levels: [{ upTo: '10', approvers: ['lead'] }] } });
  await expect(start(input)).rejects.toMatchObject({
    code: 'BIZ_INPUT_INVALID',
    message: expect.stringContaining('policy.levels.0.upTo') as string,
  });
});

function ubl(number: SupplierInvoice['number']): string {
  return `<?xml version="1.0"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="urn:cac" xmlns:cbc="urn:cbc">
  <cbc:ID>${number}</cbc:ID><cbc:IssueDate>2026-02-01</cbc:IssueDate><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PartyTaxScheme><cbc:CompanyID>DE987654321</cbc:CompanyID></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>Papier &amp; Mehr GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:PaymentMeans><cac:PayeeFinancialAccount><cbc:ID>DE89 3704 0044 0532 0130 00</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">3.80</cbc:TaxAmount></cac:TaxTotal>
  <cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount currencyID="EUR">20.00</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="EUR">23.80</cbc:TaxInclusiveAmount></cac:LegalMonetaryTotal>
  <cac:InvoiceLine><cbc:InvoicedQuantity unitCode="C62">4</cbc:InvoicedQuantity>
    <cac:Item><cbc:Name>Paper A4</cbc:Name><cac:ClassifiedTaxCategory><cbc:Percent>19.00</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="EUR">5.00</cbc:PriceAmount></cac:Price>
  </cac:InvoiceLine>
</Invoice>`;
}
