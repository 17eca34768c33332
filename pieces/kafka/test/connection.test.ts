import { createServer, type Server } from 'node:net';
import { kafkaAuth } from '../src/lib/auth';
import { closeConnections } from '../src/lib/client';
import { parseBrokers } from '../src/lib/config';
import { topicProp } from '../src/lib/props/topic';
import { auth } from './support/kafka';

const validate = (props: object) =>
  kafkaAuth.validate?.({
    auth: { ...auth, ...props },
    server: { apiUrl: '', publicUrl: '', token: '' },
  } as never);

let silent: Server;
let silentPort: number;

beforeAll(async () => {
  // Hangs up on everybody, as a broker does that expects TLS or SASL.
  silent = createServer((socket) => socket.on('data', () => socket.destroy()));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  silentPort = typeof address === 'object' && address !== null ? address.port : 0;
});

afterAll(async () => {
  await closeConnections();
  await new Promise((resolve) => silent.close(resolve));
});

describe('validate', () => {
  it('accepts a connection that works, also when the first broker is down', async () => {
    expect(await validate({})).toEqual({ valid: true });
    expect(await validate({ brokers: `127.0.0.1:1, ${auth.brokers}` })).toEqual({ valid: true });
  });

  it.each([
    ['the name', { brokers: 'no-such-host.invalid:9092' }, /host name is not known.*BIZ_KAFKA_UNREACHABLE/],
    ['the port', { brokers: '127.0.0.1:1' }, /refused.*BIZ_KAFKA_UNREACHABLE/],
    ['an address', { brokers: 'host:port' }, /not a broker address/],
    ['a missing password', { saslMechanism: 'plain', username: 'u' }, /"Password" is missing/],
    ['a PEM', { tls: true, tlsCa: 'rubbish' }, /CA certificate is not in PEM format/],
    ['a lone certificate', { tls: true, tlsCert: 'x' }, /go together/],
    ['TLS on a plain port', { tls: true }, /BIZ_KAFKA_UNREACHABLE/],
    [
      'an OAuth server',
      {
        saslMechanism: 'oauthbearer',
        oauthTokenUrl: 'http://127.0.0.1:1/token',
        oauthClientId: 'c',
        oauthClientSecret: 'top-secret',
      },
      /BIZ_KAFKA_OAUTH_UNREACHABLE/,
    ],
  ])('names %s', async (_what, props, expected) => {
    const result = await validate(props);
    expect(result).toMatchObject({ valid: false, error: expect.stringMatching(expected) as string });
    expect(JSON.stringify(result)).not.toContain('top-secret');
  });

  it('says that the broker hangs up', async () => {
    expect(await validate({ brokers: `127.0.0.1:${silentPort}` })).toMatchObject({
      valid: false,
      error: expect.stringMatching(/closes it again.*BIZ_KAFKA_CONNECTION_REFUSED/) as string,
    });
  });

  it('says that the broker does not do SASL here', async () => {
    const result = await validate({ saslMechanism: 'scram-sha-256', username: 'u', password: 'top-secret' });
    expect(result).toMatchObject({ valid: false });
    expect(JSON.stringify(result)).not.toContain('top-secret');
  });
});

describe('dropdowns', () => {
  it('list topics, and give a reason when they cannot', async () => {
    expect(await topicProp.options({}, {} as never)).toMatchObject({
      disabled: true,
      placeholder: 'Connect your account first',
    });
    const broken = { type: 'CUSTOM_AUTH', props: { brokers: '127.0.0.1:1' } };
    expect(await topicProp.options({ auth: broken as never }, {} as never)).toMatchObject({
      disabled: true,
      placeholder: expect.stringContaining('refused') as string,
    });
  });
});

describe('brokers', () => {
  it('are read with and without port, scheme and IPv6', () => {
    expect(parseBrokers('a, b:1\nSASL_SSL://c.example:9094 [::1]:9')).toEqual([
      { host: 'a', port: 9092 },
      { host: 'b', port: 1 },
      { host: 'c.example', port: 9094 },
      { host: '::1', port: 9 },
    ]);
  });

  it.each(['', ' , ', 'a:0', 'a:70000', 'http://a/b', 'a:b'])('refuse %j', (text) => {
    expect(() => parseBrokers(text)).toThrow(
      expect.objectContaining({ code: 'BIZ_KAFKA_BROKERS_INVALID' }) as Error,
    );
  });
});
