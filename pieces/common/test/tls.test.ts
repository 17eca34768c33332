import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { normalizePem, tlsOptions } from '../src';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('normalizePem', () => {
  it.each([
    ['as it was', pem],
    ['with escaped line ends', pem.replaceAll('\n', '\\n')],
    ['with Windows line ends', pem.replaceAll('\n', '\r\n')],
    ['on one line', pem.replaceAll('\n', ' ')],
    ['indented, with text around', `Key:\n${pem.replaceAll(/^/gm, '   ')}\nthanks`],
  ])('repairs a key pasted %s', (_how, text) => {
    expect(normalizePem(text)).toBe(pem);
  });

  it('keeps every block and the headers of an encrypted key', () => {
    expect(normalizePem(pem + pem)).toBe(pem + pem);
    const encrypted =
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n';
    expect(normalizePem(encrypted.replaceAll('\n', '\r\n'))).toBe(encrypted);
  });

  it('gives the same for any spreading of whitespace', () => {
    const body = fc.stringMatching(/^[A-Za-z0-9+/]{1,300}$/);
    const space = fc.constantFrom('', ' ', '\n', '\r\n', '\t', '\\n');
    fc.assert(
      fc.property(body, fc.array(space, { minLength: 1 }), (base64, spaces) => {
        const spread = [...base64]
          .map((char, index) => char + (spaces[index % spaces.length] ?? ''))
          .join('');
        const wrap = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
        expect(normalizePem(wrap(spread))).toBe(normalizePem(wrap(base64)));
      }),
    );
  });

  it.each(['', 'rubbish', '-----BEGIN CERTIFICATE-----', '-----BEGIN A-----x-----END B-----'])(
    'refuses %j',
    (text) => {
      expect(() => normalizePem(text)).toThrow(
        expect.objectContaining({ code: 'BIZ_TLS_PEM_INVALID' }) as Error,
      );
    },
  );
});

describe('tlsOptions', () => {
  it.each([
    [{ tlsCa: 'x' }, 'BIZ_TLS_PEM_INVALID'],
    [{ tlsCa: pem }, 'BIZ_TLS_PEM_INVALID'],
    [{ tlsCert: 'x' }, 'BIZ_TLS_KEY_MISSING'],
    [{ tlsKey: pem }, 'BIZ_TLS_KEY_MISSING'],
  ])('refuses %j', (values, code) => {
    expect(() => tlsOptions(values)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('needs nothing for a public authority', () => {
    expect(tlsOptions({})).toEqual({});
  });
});
