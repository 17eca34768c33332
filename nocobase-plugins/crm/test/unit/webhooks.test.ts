import { retryDelay } from '../../src/server/services/webhooks/dispatcher';
import { checkTarget, isPrivate } from '../../src/server/services/webhooks/target-guard';

const saved = { ...process.env };

afterEach(() => {
  process.env = { ...saved };
});

test.each([
  ['127.0.0.1', 4],
  ['10.0.0.1', 4],
  ['172.31.255.255', 4],
  ['192.168.1.1', 4],
  ['169.254.169.254', 4],
  ['100.64.0.1', 4],
  ['0.0.0.0', 4],
  ['::1', 6],
  ['fd00::1', 6],
  ['fe80::1', 6],
  ['::ffff:10.0.0.1', 6],
])('%s is private', (address, family) => {
  expect(isPrivate(address, family)).toBe(true);
});

test.each([
  ['93.184.216.34', 4],
  ['172.32.0.1', 4],
  ['2606:2800:220:1::1', 6],
])('%s is public', (address, family) => {
  expect(isPrivate(address, family)).toBe(false);
});

test('a private host is allowed when it is named, and only that one', async () => {
  process.env['BIZSTACK_WEBHOOK_PRIVATE_HOSTS'] = '127.0.0.1, 10.1.0.0/16';
  await expect(checkTarget('http://127.0.0.1:8080/x')).resolves.toMatchObject({
    address: '127.0.0.1',
    family: 4,
  });
  await expect(checkTarget('http://10.1.2.3/')).resolves.toMatchObject({ address: '10.1.2.3' });
  await expect(checkTarget('http://10.2.2.3/')).rejects.toMatchObject({ code: 'BIZ_CRM_TARGET_REFUSED' });
});

test('a white list holds for public hosts too', async () => {
  process.env['SERVER_REQUEST_WHITELIST'] = '93.184.216.0/24,*.example.com';
  await expect(checkTarget('https://93.184.216.34/')).resolves.toMatchObject({ address: '93.184.216.34' });
  await expect(checkTarget('https://93.184.217.1/')).rejects.toMatchObject({
    code: 'BIZ_CRM_TARGET_REFUSED',
  });
  await expect(checkTarget('https://a.b.example.com/')).rejects.toMatchObject({
    code: 'BIZ_CRM_TARGET_REFUSED',
  });
});

test.each(['ftp://example.com/', 'javascript:alert(1)', 'http://user@example.com/', 'x'])(
  '%s is no address for a webhook',
  async (text) => {
    await expect(checkTarget(text)).rejects.toMatchObject({ code: 'BIZ_CRM_TARGET_REFUSED' });
  },
);

test('waits grow and stay within four and a half hours', () => {
  const waits = Array.from({ length: 12 }, (_, index) => retryDelay(index + 1));
  expect(waits[0]).toBeLessThan(2300);
  for (const wait of waits) expect(wait).toBeLessThanOrEqual(4.5 * 3600_000);
  expect(waits[6]).toBeGreaterThan((waits[3] ?? 0) * 2);
});
