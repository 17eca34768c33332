import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { newEventId } from '@bizstack/contracts';
import { type BundledPiece, bundlePiece, lintPiece, runFlows } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { generatePdf } from '../../../stack/agents/test/documents/generated-pdf';
import { drawReceipt } from '../../../stack/agents/test/documents/generated-receipt';
import { modelAuth, postgresUrl, startReceiver } from './support/piece';
import { startScriptedModel, submit } from './support/scripted-model';

jest.setTimeout(300_000);

const scratch = mkdtempSync(join(tmpdir(), 'bizstack-packed-'));
const folder = join(scratch, 'empty');
let packed: BundledPiece;

/** Packs the piece as it is published, and installs it where nothing else is. */
beforeAll(async () => {
  packed = await bundlePiece({ pieceDir: join(__dirname, '..'), outDir: join(scratch, 'packed') });
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  // As the worker of Activepieces installs: no scripts.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
  await promisify(execFile)('npm', ['install', ...options, packed.tarball], { cwd: folder, env });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const fieldSchema = z.looseObject({ value: z.union([z.string(), z.number()]) });
const documentSchema = z.looseObject({
  source: z.string(),
  fields: z.record(z.string(), fieldSchema),
  labelled: z.record(z.string(), fieldSchema),
});
const outputSchema = z.object({
  heapMb: z.number(),
  fromPdf: documentSchema,
  fromJpg: documentSchema,
  scored: z.looseObject({ score: z.number(), grade: z.string() }),
  anomalies: z.looseObject({ flags: z.array(z.looseObject({ kind: z.string() })) }),
});

test('has no fault that a server would refuse, and stays small', async () => {
  const { findings, heapMb, size } = await lintPiece(packed.tarball);
  expect(findings).toEqual([]);
  expect(heapMb).toBeLessThan(25);
  expect(size).toBeLessThan(5 * 1024 * 1024);
});

test('installed alone it reads a PDF and a photo, scores a lead and finds a payment made twice', async () => {
  expect(existsSync(join(folder, 'node_modules/@bizstack/agents'))).toBe(false);
  const texts = [
    'Seaside Supplies GmbH',
    'Invoice No. 2024-117',
    'Invoice date 7 May 2024',
    'Total EUR 238.00',
  ];
  const pdf = generatePdf({
    texts: [
      ...texts.map((line, at) => ({ x: 60, y: 80 + at * 30, text: line })),
      { x: 60, y: 300, text: 'Booking ID: BK-77120' },
    ],
  });
  const payment = { amount: 1190, currency: 'EUR', supplier: 'Acme', invoiceNumber: 'R-100' };
  const given = {
    pdf: Buffer.from(pdf).toString('base64'),
    jpg: drawReceipt().toString('base64'),
    lead: {
      lead: { leadId: '1', email: 'w@acme.cn', message: 'Please send a quote.' },
      eventId: newEventId(),
    },
    transactions: [
      { id: 'a', date: '2026-05-04', ...payment },
      { id: 'b', date: '2026-05-11', ...payment },
    ],
  };
  const child = spawn(process.execPath, [join(__dirname, 'support/use-packed.cjs'), folder], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(given));
  const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const { fromPdf, fromJpg, scored, anomalies } = outputSchema.parse(JSON.parse(printed));
  expect(fromPdf).toMatchObject({
    source: 'text-layer',
    fields: { number: { value: '2024-117' }, date: { value: '2024-05-07' }, total: { value: 238 } },
    labelled: { booking_id: { value: 'BK-77120' } },
  });
  // Reader thread, WASM and models were found from the bundle.
  expect(fromJpg).toMatchObject({
    source: 'ocr',
    fields: { date: { value: '2018-03-21' }, total: { value: 30.7 } },
  });
  expect(scored.score).toBeGreaterThan(0);
  expect(anomalies.flags.map(({ kind }) => kind)).toContain('duplicate');
});

const DEADLINE_MS = 60_000;

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const notifiedSchema = z.looseObject({ approvalPage: z.url() });

test('in a flow a person changes a call on the page, by the form as a browser sends it', async () => {
  const model = await startScriptedModel(({ toolResults }) =>
    toolResults === 0 ? { calls: [{ name: 'note', input: { text: 'call' } }] } : submit({ answer: 'Noted.' }),
  );
  const target = await startReceiver();
  const notified = await startReceiver();
  const base = { valid: true, skip: false, lastUpdatedDate: '2026-01-01T00:00:00.000Z' };
  const schema = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
  const step = {
    ...base,
    name: 'step_1',
    displayName: 'Agent',
    type: 'PIECE',
    settings: {
      pieceName: packed.name,
      pieceVersion: packed.version,
      actionName: 'run_custom_agent',
      propertySettings: {},
      errorHandlingOptions: {},
      input: {
        auth: "{{connections['ai']}}",
        prompt: 'Note things.',
        task: 'Note it.',
        notifyUrl: notified.url,
        tools: [{ name: 'note', description: 'Notes.', label: 'write', url: target.url, input: schema }],
      },
    },
  };
  const trigger = { ...base, name: 'trigger', displayName: 'Manual', type: 'EMPTY', settings: {} };
  const flow = {
    displayName: 'Ask',
    schemaVersion: '20',
    valid: true,
    trigger: { ...trigger, nextAction: step },
  };
  const files = { flow: join(scratch, 'flow.json'), connections: join(scratch, 'connections.json') };
  writeFileSync(files.flow, JSON.stringify({ name: 'Ask', flows: [flow] }));
  const props = modelAuth(model, { postgresUrl: postgresUrl(), allowedHosts: '127.0.0.1' });
  writeFileSync(files.connections, JSON.stringify([{ externalId: 'ai', type: 'CUSTOM_AUTH', props }]));
  const running = await runFlows({
    flowFiles: [files.flow],
    pieces: [packed.directory],
    connectionsFile: files.connections,
    stateDir: join(scratch, 'state'),
    log: () => undefined,
  });
  try {
    await until('ready', () => running.runner.ready || undefined);
    const { id = '' } = (await running.runner.startFlow('ask', {})) ?? {};
    const statusOf = () => running.runner.run(id)?.status;
    /** Fills in the page that was told of last, and sends it. */
    const answer = async (count: number, input: string) => {
      await until('paused', () => (statusOf() === 'PAUSED' && notified.bodies.length === count) || undefined);
      const { approvalPage } = notifiedSchema.parse(notified.bodies.at(-1));
      const html = await (await fetch(approvalPage)).text();
      const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
      const round = /name="round" value="(\w+)"/.exec(html)?.[1] ?? '';
      const body = new URLSearchParams({ round, call_0: 'edit', input_0: input, by: 'berta' });
      expect((await fetch(action, { method: 'POST', body })).status).toBe(200);
      return html;
    };
    await answer(1, '{"text": 7}');
    expect(await answer(2, '{"text": "call at 9"}')).toContain('expected string');
    const isOver = () => !['PAUSED', 'QUEUED', 'RUNNING'].includes(statusOf() ?? '') || undefined;
    await until('ended', isOver);
    expect(running.runner.run(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(target.bodies).toMatchObject([{ input: { text: 'call at 9' } }]);
  } finally {
    await running.stop(0);
    await Promise.all([model.close(), target.close(), notified.close()]);
  }
});
