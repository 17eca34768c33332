import fc from 'fast-check';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { parseEvent } from '@bizstack/contracts';
import {
  AllowList,
  auditEvent,
  guardedFetch,
  isAllowed,
  isPrivateAddress,
  Quoter,
  safeText,
  SecretGuard,
} from '../../src/tools';

describe('quoted data', () => {
  it('cannot be closed or forged by any text', () => {
    const pieces = fc.constantFrom(
      '<<end',
      '<<data',
      '>>',
      '＜＜',
      '\u200b',
      '<',
      'NONCE',
      '\n',
      'source="',
      'x',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(pieces, fc.string({ unit: 'grapheme' })), { maxLength: 40 }),
        fc.string(),
        (parts, source) => {
          const quoter = new Quoter();
          const quoted = quoter.quote(source, parts.join('').replaceAll('NONCE', quoter.nonce));
          expect(quoted.match(/<</g)).toHaveLength(2);
          expect(quoted.split(quoter.nonce)).toHaveLength(3);
          expect(quoted.startsWith(`<<data ${quoter.nonce} source="`)).toBe(true);
          expect(quoted.endsWith(`\n<<end ${quoter.nonce}>>`)).toBe(true);
        },
      ),
    );
  });

  it('keeps ordinary text as it is, and has another nonce each time', () => {
    const text = 'Grüße, 你好 — 5 < 6 > 4\n\tline two';
    expect(new Quoter('0'.repeat(32)).quote('mail', text)).toContain(`\n${text}\n`);
    expect(new Quoter().nonce).not.toBe(new Quoter().nonce);
  });
});

describe('secrets', () => {
  const secret = 'S3cr3t/pass+word=42';
  const guard = new SecretGuard([secret]);

  it.each([
    ['as it is', `x ${secret} y`],
    ['in base64', Buffer.from(`ab${secret}cd`).toString('base64')],
    ['in base64url', Buffer.from(`a${secret}`).toString('base64url')],
    ['in hex', Buffer.from(secret).toString('hex')],
    ['in upper-case hex', Buffer.from(secret).toString('hex').toUpperCase()],
    ['in an address', encodeURIComponent(secret)],
    ['reversed', [...secret].reverse().join('')],
    ['letter by letter', [...secret].join(' ')],
    ['with invisible characters', [...secret].join('\u200b')],
  ])('are found %s', (_how, text) => {
    expect(guard.finds(text)).toBe(true);
    expect(guard.finds(guard.redact(text))).toBe(false);
  });

  it.each([
    'sk-abcdefghijklmnopqrstuv',
    'AKIAIOSFODNN7EXAMPLE',
    'postgres://user:pw@host/db',
    '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----',
  ])('are found by their form: %s', (text) => {
    expect(new SecretGuard().redact(`before ${text} after`)).not.toContain(text);
  });

  it('never survive redaction, wherever they stand', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ minLength: 6 }), (before, after, value) => {
        fc.pre(value.trim() === value);
        expect(new SecretGuard([value]).redact(before + value + after)).not.toContain(value);
      }),
    );
  });

  it('leave ordinary text alone', () => {
    const text = 'Order 4711 of 12 March, password forgotten, see https://example.com/a?b=c';
    expect(guard.redact(text)).toBe(text);
  });
});

describe('text that is safe to render', () => {
  const options = { allowedHosts: ['example.com', '*.docs.example.com'] };

  it.each([
    ['see [docs](https://example.com/a)', 'see [docs](https://example.com/a)'],
    ['see https://a.docs.example.com/x', 'see https://a.docs.example.com/x'],
    ['[top](#top) [page](/a/b) 5 < 6 and a.b', '[top](#top) [page](/a/b) 5 < 6 and a.b'],
    ['write to a@evil.com', 'write to a@evil.com'],
    ['3.5/4 and e.g. this', '3.5/4 and e.g. this'],
  ])('keeps %j', (text, expected) => {
    expect(safeText(text, options)).toBe(expected);
  });

  it.each([
    '![x](https://example.com/a.png)',
    '![x](https://evil.com/a.png)',
    '![x][r]\n\n[r]: https://evil.com/a',
    '[x](https://evil.com)',
    '[x](https://example.com@evil.com)',
    '[x](https://example.com.evil.com)',
    '[x](//evil.com)',
    '[x](\\\\evil.com\\a)',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](data:text/html;base64,AAAA)',
    '<https://evil.com/a>',
    'https://evil.com/a',
    'HTTPS://EVIL.COM/a',
    'www.evil.com/a?d=1',
    'evil.com/collect?d=1',
    '<img src=https://evil.com/a>',
    '<img src="https://evil.com/a"',
    '<script>fetch("https://evil.com")</script>',
    '<a href="https://evil.com">x</a>',
    '[x]( <https://evil.com> "t")',
    'ftp://evil.com/a',
  ])('takes %j out', (text) => {
    const safe = safeText(`a ${text} b`, options);
    expect(safe).not.toMatch(/evil\.com|javascript:|data:|!\[|<img|<script|<a /i);
  });

  it('says the same when it is made safe again', () => {
    const part = fc.constantFrom(
      '[x](',
      ')',
      '![',
      ']',
      '<img ',
      '>',
      'https://evil.com',
      '//',
      'www.',
      'example.com',
      ' ',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const safe = safeText(parts.join(''), options);
        expect(safe).not.toMatch(/https?:\/\/evil/);
      }),
    );
  });
});

describe('the way out', () => {
  let close: (() => Promise<void>) | undefined;
  afterEach(async () => close?.());

  async function serve(
    path: (url: string) => { status: number; headers?: Record<string, string>; body?: string },
  ) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const { status, headers, body } = path(request.url ?? '');
      response.writeHead(status, headers).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
    return { port: (server.address() as AddressInfo).port, asked };
  }

  it('is open to allowed hosts', async () => {
    const { port } = await serve(() => ({ status: 200, body: 'hello' }));
    const go = guardedFetch({ allowedHosts: ['127.0.0.1'], allowPrivateAddresses: true });
    await expect(go(`http://127.0.0.1:${port}/x`)).resolves.toMatchObject({ status: 200, text: 'hello' });
  });

  it.each([
    ['a host that is not listed', 'http://localhost:PORT/', true],
    ['a password in the address', 'http://a:b@127.0.0.1:PORT/', true],
    ['another scheme', 'file:///etc/passwd', true],
    ['no address', 'nonsense', true],
    ['a private address', 'http://127.0.0.1:PORT/', false],
    ['a private address in other clothes', 'http://2130706433:PORT/', false],
    ['a private address in IPv6', 'http://[::ffff:127.0.0.1]:PORT/', false],
  ])('is closed: %s', async (_what, url, allowPrivateAddresses) => {
    const { port, asked } = await serve(() => ({ status: 200 }));
    const go = guardedFetch({ allowedHosts: ['127.0.0.1', '::ffff:7f00:1'], allowPrivateAddresses });
    await expect(go(url.replace('PORT', String(port)))).rejects.toMatchObject({
      code: 'BIZ_AGENTS_HOST_REFUSED',
    });
    expect(asked).toEqual([]);
  });

  it('is closed to a name that turns out to be private', async () => {
    const { port, asked } = await serve(() => ({ status: 200 }));
    const go = guardedFetch({ allowedHosts: ['localhost'] });
    await expect(go(`http://localhost:${port}/`)).rejects.toMatchObject({ code: 'BIZ_AGENTS_HOST_REFUSED' });
    expect(asked).toEqual([]);
  });

  it('checks redirects like the first address', async () => {
    const { port, asked } = await serve((url) =>
      url === '/go'
        ? { status: 302, headers: { location: `http://localhost:${port}/inside` } }
        : { status: 200 },
    );
    const go = guardedFetch({ allowedHosts: ['127.0.0.1'], allowPrivateAddresses: true });
    await expect(go(`http://127.0.0.1:${port}/go`)).rejects.toMatchObject({
      code: 'BIZ_AGENTS_HOST_REFUSED',
    });
    expect(asked).toEqual(['/go']);
  });

  describe('with listed private addresses', () => {
    /** A real name server: each question for an address gets the next answer, the last one for ever. */
    async function nameServer(answers: string[]) {
      const questions: string[] = [];
      const socket = createSocket('udp4');
      socket.on('message', (query, from) => {
        let at = 12;
        const labels: string[] = [];
        for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
          labels.push(query.subarray(at + 1, at + 1 + length).toString());
          at += length + 1;
        }
        const question = query.subarray(12, at + 5);
        const address = answers[Math.min(questions.length, answers.length - 1)] ?? '';
        questions.push(labels.join('.'));
        const head = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        query.copy(head, 0, 0, 2);
        const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)];
        socket.send(Buffer.concat([head, question, Buffer.from(record)]), from.port, from.address);
      });
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      const resolver = new Resolver();
      resolver.setServers([`127.0.0.1:${socket.address().port}`]);
      const lookup: LookupFunction = (name, _options, callback) =>
        resolver.resolve4(name, (error, found) =>
          callback(
            error,
            (found ?? []).map((address) => ({ address, family: 4 })),
          ),
        );
      return { lookup, questions, close: () => socket.close() };
    }

    it.each([
      ['a listed name that has a private address', ['mcp.example.com'], ['127.0.0.1'], false],
      [
        'a listed name beside another listed address',
        ['mcp.example.com', '10.0.0.0/8'],
        ['127.0.0.1'],
        false,
      ],
      ['a listed name and its address', ['mcp.example.com', '127.0.0.1'], ['127.0.0.1'], true],
      ['a listed name and its range', ['*.example.com', '127.0.0.0/8'], ['127.0.0.1'], true],
      ['an address alone', ['127.0.0.1'], ['127.0.0.1'], false],
    ])('asks a name server once: %s', async (_what, allowedHosts, answers, isOpen) => {
      const { port, asked } = await serve(() => ({ status: 200, body: 'in' }));
      const names = await nameServer(answers);
      const go = guardedFetch({ allowedHosts, allowPrivateAddresses: 'listed', lookup: names.lookup });
      const answer = go(`http://mcp.example.com:${port}/`);
      if (isOpen) await expect(answer).resolves.toMatchObject({ text: 'in' });
      else await expect(answer).rejects.toMatchObject({ code: 'BIZ_AGENTS_HOST_REFUSED' });
      expect(asked).toHaveLength(isOpen ? 1 : 0);
      expect(names.questions.length).toBeLessThan(2);
      names.close();
    });

    it('connects to the address that was checked, not to what the name becomes (rebinding)', async () => {
      const { port, asked } = await serve(() => ({ status: 200 }));
      // The first is a public one for documentation, where nobody answers.
      const names = await nameServer(['192.0.2.1', '127.0.0.1']);
      const go = guardedFetch({
        allowedHosts: ['rebind.example.com'],
        allowPrivateAddresses: 'listed',
        lookup: names.lookup,
        timeoutMs: 300,
      });
      await expect(go(`http://rebind.example.com:${port}/`)).rejects.toMatchObject({
        code: 'BIZ_AGENTS_FETCH_FAILED',
      });
      expect(names.questions).toEqual(['rebind.example.com']);
      await expect(go(`http://rebind.example.com:${port}/`)).rejects.toMatchObject({
        code: 'BIZ_AGENTS_HOST_REFUSED',
      });
      expect(asked).toEqual([]);
      names.close();
    });

    it('a redirect may not lead to a private address, nor carry a key to another host', async () => {
      const seen: IncomingHttpHeaders[] = [];
      const inner = createServer((request, response) => {
        seen.push(request.headers);
        response.end('inner');
      });
      await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
      const { port: inside } = inner.address() as AddressInfo;
      const { port } = await serve(() => ({
        status: 307,
        headers: { location: `http://127.0.0.1:${inside}/secret` },
      }));
      const ask = (allowedHosts: string[]) =>
        guardedFetch({ allowedHosts, allowPrivateAddresses: 'listed' })(`http://localhost:${port}/`, {
          method: 'POST',
          headers: {
            authorization: 'Bearer key-1',
            'content-type': 'application/json',
            'x-api-key': 'key-2',
          },
          body: '{}',
        });
      await expect(ask(['localhost'])).rejects.toMatchObject({ code: 'BIZ_AGENTS_HOST_REFUSED' });
      expect(seen).toEqual([]);
      await expect(ask(['localhost', '127.0.0.1'])).resolves.toMatchObject({ text: 'inner' });
      expect(seen[0]).toMatchObject({ 'content-type': 'application/json', 'content-length': '2' });
      expect(JSON.stringify(seen)).not.toContain('key-');
      await new Promise((resolve) => inner.close(resolve));
    });

    it.each(['http://a.example.com', 'a.example.com:80', '10.0.0.0/33', '10.0.0.0/8/8', 'a b', '*', ''])(
      'knows that %j is no host',
      (entry) =>
        expect(() => new AllowList([entry])).toThrow(
          expect.objectContaining({ code: 'BIZ_AGENTS_CONFIG_INVALID' }) as Error,
        ),
    );

    it('no public name opens a private address, whatever is listed', () => {
      const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
      const name = fc.tuple(label, label).map((labels) => labels.join('.'));
      fc.assert(
        fc.property(name, fc.array(fc.oneof(name, label)), fc.ipV4(), (host, others, address) => {
          const list = new AllowList([host, `*.${host}`, ...others, '203.0.113.0/24']);
          expect(list.allowsHost(host)).toBe(true);
          expect(list.allowsPrivate(host, address)).toBe(address.startsWith('203.0.113.'));
        }),
      );
    });
  });

  it('takes no more than it may', async () => {
    const { port } = await serve(() => ({ status: 200, body: 'x'.repeat(5_000) }));
    const go = guardedFetch({ allowedHosts: ['127.0.0.1'], allowPrivateAddresses: true, maxBytes: 1_000 });
    await expect(go(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'BIZ_AGENTS_FETCH_TOO_LARGE',
    });
  });

  it.each([
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '0.0.0.0',
    '224.0.0.1',
  ])('knows that %s is private', (address) => expect(isPrivateAddress(address)).toBe(true));
  it.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    'knows that %s is public',
    (address) => expect(isPrivateAddress(address)).toBe(false),
  );
});

describe('permissions and records', () => {
  it('a permission is held by name, by area or altogether', () => {
    const user = (permissions: string[]) => ({ id: 'u', permissions });
    expect(isAllowed(user(['crm:write']), 'crm:write')).toBe(true);
    expect(isAllowed(user(['crm:*']), 'crm:write')).toBe(true);
    expect(isAllowed(user(['*']), 'crm:write')).toBe(true);
    expect(isAllowed(user(['crm:read', 'crm']), 'crm:write')).toBe(false);
    expect(isAllowed(user(['cr*', 'crm:wri']), 'crm:write')).toBe(false);
  });

  it('the same record is the same event', () => {
    const record = {
      runId: 'r',
      callId: 'c',
      agent: 'a',
      tool: 't',
      label: 'write',
      phase: 'done',
      userId: 'u',
      input: { a: 1 },
      at: '2026-01-01T00:00:00.000Z',
    } as const;
    const event = auditEvent(record);
    expect(parseEvent(JSON.stringify(event))).toEqual(event);
    expect(auditEvent(record).id).toBe(event.id);
    expect(auditEvent({ ...record, phase: 'failed' }).id).not.toBe(event.id);
    expect(event).toMatchObject({ type: 'audit.action.performed', subject: 'agent-run/r' });
  });
});
