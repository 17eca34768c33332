import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testFacts } from '@bizstack/native/testing';
import { type BrowserContext, chromium } from 'playwright-core';
import { sql, until, url } from '../http/support';

const executablePath =
  process.env['CHROMIUM'] ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const visitor = `Katherine ${randomUUID().slice(0, 8)}`;
const profile = mkdtempSync(join(tmpdir(), 'bizstack-crm-browser-'));
let browser: BrowserContext;

jest.setTimeout(600_000);

beforeAll(async () => {
  if (executablePath === undefined)
    throw new Error('No Chromium was found. Install it: apt-get install chromium.');
  browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    viewport: { width: 1440, height: 900 },
    locale: 'en-US',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  browser.setDefaultTimeout(180_000);
});

afterAll(async () => {
  await browser?.close();
  rmSync(profile, { recursive: true, force: true });
});

test('a visitor corrects the form and sends it with the keyboard; the page runs no foreign script', async () => {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (404|422)/.test(message.text()))
      complaints.push(message.text());
  });
  await page.goto(`${url}/api/crmLeadForms:page/default`);
  await page.getByLabel(/^Name/).fill(visitor);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Give an e-mail address or a phone number').first().waitFor();
  expect(await page.getByLabel(/^Name/).inputValue()).toBe(visitor);
  await page.getByLabel('E-mail').fill(`katherine-${randomUUID()}@example.com`);
  await page.getByLabel('E-mail').press('Enter');
  await page.getByRole('status').waitFor();
  expect(complaints).toEqual([]);
  expect(await sql('SELECT source FROM "crmLeads" WHERE name = $1', [visitor])).toEqual([
    { source: 'web-form' },
  ]);
  await page.close();
});

test('another site may not frame the form', async () => {
  const page = await browser.newPage();
  await page.setContent(`<iframe src="${url}/api/crmLeadForms:page/default"></iframe>`);
  const frame = await until('the frame', async () => page.frames()[1]);
  await frame.waitForLoadState();
  expect(await frame.getByRole('button', { name: 'Send' }).count()).toBe(0);
  await page.close();
});

test.each(['/admin', '/v/admin'])('the lead stands in the list of %s', async (entry) => {
  const { email = '', password = '' } = testFacts('nocobase');
  const response = await browser.request.post(`${url}/api/auth:signIn`, {
    headers: { 'X-Authenticator': 'basic' },
    data: { account: email, password },
  });
  const answer: unknown = await response.json();
  const token = /"token":"([^"]+)"/.exec(JSON.stringify(answer))?.[1] ?? '';
  const page = await browser.newPage();
  await page.addInitScript((value) => {
    localStorage.setItem('NOCOBASE_TOKEN', value);
    localStorage.setItem('NOCOBASE_AUTH', 'basic');
    localStorage.setItem('NOCOBASE_ROLE', 'root');
  }, token);
  const route = await until(
    'the page of the leads',
    async () => {
      const [state] = await sql(
        `SELECT 1 FROM "crmState" WHERE name = 'pages' AND (value->>'done')::boolean`,
      );
      if (state === undefined) return undefined;
      const rows = await sql(
        `SELECT "schemaUid" FROM "desktopRoutes" WHERE type = 'flowPage' AND title LIKE '%Leads%'`,
      );
      return rows[0];
    },
    400_000,
  );
  await page.goto(`${url}${entry}/${String(route['schemaUid'])}`);
  await page.getByText(visitor).first().waitFor();
  await page.close();
});
