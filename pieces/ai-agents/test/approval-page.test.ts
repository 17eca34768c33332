import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PendingCall } from '@bizstack/agents/tools';
import fc from 'fast-check';
import { type BrowserContext, chromium } from 'playwright-core';
import { approvalPage, readAnswer } from '../src/lib/approval';
import { listen } from './support/scripted-model';

jest.setTimeout(120_000);

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = process.env['CHROMIUM'] ?? CANDIDATES.find(existsSync);
const folder = mkdtempSync(join(tmpdir(), 'bizstack-approval-'));
/** Where a person can look at what the test saw. */
const pictures = process.env['BIZSTACK_SCREENSHOTS'];
let browser: BrowserContext;

beforeAll(async () => {
  if (executablePath === undefined)
    throw new Error('No Chromium was found. Install it: apt-get install chromium.');
  browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath,
    viewport: { width: 1000, height: 1100 },
    locale: 'en-US',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });
  browser.setDefaultTimeout(60_000);
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = (input: Record<string, unknown>, more: Partial<PendingCall> = {}): PendingCall => ({
  callId: `call_${randomUUID()}`,
  agent: 'sales_agent',
  tool: 'update_contact',
  label: 'write',
  summary: 'Change phone of the contact',
  input,
  ...more,
});

/** Opens the page as Activepieces hands it out, a file that is saved first, and takes what its form sends. */
async function openPage(calls: PendingCall[], again?: Parameters<typeof approvalPage>[0]['again']) {
  let got: (request: { method: string; path: string; body: Record<string, string> }) => void;
  const sent = new Promise<{ method: string; path: string; body: Record<string, string> }>((resolve) => {
    got = resolve;
  });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      response.end('Your response has been recorded.');
      if (request.url?.startsWith('/v1/')) got({ method: request.method ?? '', path: request.url, body });
    });
  });
  const { url, close } = await listen(server);
  const file = join(folder, `${randomUUID()}.html`);
  const resumeUrl = `${url}/v1/flow-runs/r1/waitpoints/w1?token=a%26b`;
  writeFileSync(file, approvalPage({ title: 'Approval: sales_agent', calls, resumeUrl, again }));
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(pathToFileURL(file).href);
  const picture = async (name: string) => {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  };
  const send = async () => {
    await page.getByRole('button', { name: 'Send' }).click();
    const request = await sent;
    expect(complaints).toEqual([]);
    expect(request).toMatchObject({ method: 'POST', path: '/v1/flow-runs/r1/waitpoints/w1?token=a%26b' });
    await page.close();
    await close();
    return readAnswer({ queryParams: { token: 'a&b' }, body: request.body }, calls);
  };
  return { page, picture, send };
}

const tricky = { note: 'two\nlines, "quotes", </textarea><b>bold</b> & 你好 \u202eabc\u200b', n: 1 };

test('approves, changes and rejects in one answer, by mouse and keyboard', async () => {
  const calls = [
    call(tricky),
    call({ fields: { phone: '+49 30 1' } }, { summary: 'Change \u202ephone' }),
    call({ id: 7 }, { tool: 'delete_contact', label: 'destructive', summary: 'Delete contact 7' }),
  ];
  const { page, picture, send } = await openPage(calls);
  expect(await page.locator('textarea:visible').count()).toBe(0);
  expect(await page.locator('b').count()).toBe(0);
  expect(await page.locator('body').innerText()).not.toMatch(/[\u202e\u200b]/);
  const asks = page.getByRole('group');
  await asks.nth(0).getByLabel('Approve as shown').check();
  await asks.nth(1).getByLabel('Approve with changes').check();
  await asks.nth(1).getByRole('textbox').fill('{"fields": {"phone": "+49 30 2"}}');
  await asks.nth(2).getByLabel('Reject').check();
  await page.getByLabel('Your name').fill('Anna Schmidt');
  await page.getByLabel('Reason for rejecting').fill('keep it');
  await picture('approval-page');
  expect(await send()).toMatchObject({
    kind: 'decided',
    decisions: [
      { callId: calls[0]?.callId, action: 'approve', by: 'Anna Schmidt' },
      {
        callId: calls[1]?.callId,
        action: 'edit',
        by: 'Anna Schmidt',
        input: { fields: { phone: '+49 30 2' } },
      },
      { callId: calls[2]?.callId, action: 'reject', by: 'Anna Schmidt', reason: 'keep it' },
    ],
  });
});

test('an input that is changed may be longer than an address', async () => {
  const { page, send } = await openPage([call({ text: 'short' })]);
  const text = 'lang '.repeat(40_000);
  await page.getByLabel('Approve with changes').check();
  await page.getByRole('textbox', { name: 'Changed input' }).fill(JSON.stringify({ text }));
  await page.getByLabel('Your name').fill('anna');
  expect(await send()).toMatchObject({ decisions: [{ action: 'edit', input: { text } }] });
});

test('cannot be sent half filled in; comes again with the reason and what was filled in', async () => {
  const one = call({ fields: { phone: '1' } });
  const { page, picture, send } = await openPage([one], {
    problems: ['Change phone of the contact: ✖ Only these fields can be changed: name.'],
    filledIn: {
      by: 'Anna',
      reason: '',
      calls: new Map([[one.callId, { action: 'edit', text: '{"fields": {"salary": "1"}}' }]]),
    },
  });
  expect(await page.getByRole('alert').innerText()).toContain('Only these fields');
  const text = page.getByRole('textbox', { name: 'Changed input' });
  expect(await text.inputValue()).toBe('{"fields": {"salary": "1"}}');
  await page.getByLabel('Your name').fill('');
  await page.getByRole('button', { name: 'Send' }).click();
  expect(page.url()).toMatch(/^file:/);
  await page.getByLabel('Your name').fill('Anna');
  await text.fill('{"fields": {"phone": "2"}}');
  await picture('approval-page-again');
  expect(await send()).toMatchObject({ decisions: [{ action: 'edit', input: { fields: { phone: '2' } } }] });
});

test('what is shown is approved as it is, whatever is in it', () => {
  const decode = (html: string) =>
    html
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&');
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true }),
      (input) => {
        const calls = [call(input)];
        const html = approvalPage({ title: 't', calls, resumeUrl: 'http://localhost/' });
        const area = /<textarea[^>]*>\n([^<]*)<\/textarea>/.exec(html)?.[1];
        expect(area).not.toMatch(/[\p{Cf}\u2028\u2029]/u);
        const sent = decode(area ?? '').replaceAll('\n', '\r\n');
        const round = /name="round" value="(\w+)"/.exec(html)?.[1];
        const body = { round, call_0: 'edit', input_0: sent, by: 'a' };
        expect(readAnswer({ queryParams: {}, body }, calls)).toMatchObject({
          decisions: [{ action: 'approve' }],
        });
      },
    ),
  );
});
