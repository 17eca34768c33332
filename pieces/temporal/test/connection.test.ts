import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { runAction, validateAuth } from '@bizstack/piece-testkit';
import { defaultPayloadConverter } from '@temporalio/common';
import fc from 'fast-check';
import { describeWorkflow } from '../src/lib/actions/describe-workflow';
import { getHistory } from '../src/lib/actions/get-history';
import { getResult } from '../src/lib/actions/get-result';
import { listWorkflows } from '../src/lib/actions/list-workflows';
import { startWorkflow } from '../src/lib/actions/start-workflow';
import { temporalAuth } from '../src/lib/auth';
import { closeConnections, withTemporal } from '../src/lib/client';
import { createPayloadCodec, parseKey } from '../src/lib/codec';
import { parseAddress } from '../src/lib/config';
import { address, auth, eventually, rawClient, startWorker, uniqueName } from './support/temporal';

afterAll(closeConnections);

const errorOf = async (value: object) => {
  const checked = await validateAuth(temporalAuth, { ...auth, ...value });
  return checked.valid ? undefined : checked.error;
};

describe('validate', () => {
  it('accepts a server that can be used', async () => {
    expect(await errorOf({})).toBeUndefined();
    expect(await errorOf({ namespace: '' })).toBeUndefined();
    expect(await errorOf({ codecKey: randomBytes(32).toString('base64') })).toBeUndefined();
  });

  it('names the step that failed', async () => {
    expect(await errorOf({ address: 'https://host:7233' })).toMatch(
      /"settings".*BIZ_TEMPORAL_ADDRESS_INVALID/s,
    );
    expect(await errorOf({ address: 'no-such-host.invalid:7233' })).toMatch(
      /"host name".*BIZ_TEMPORAL_UNREACHABLE/s,
    );
    expect(await errorOf({ address: '127.0.0.1:1' })).toMatch(
      /"network".*refused.*BIZ_TEMPORAL_UNREACHABLE/s,
    );
    expect(await errorOf({ tls: true })).toMatch(/"TLS".*BIZ_TEMPORAL_UNREACHABLE/s);
    expect(await errorOf({ namespace: 'no-such-namespace' })).toMatch(
      /"namespace".*no-such-namespace.*BIZ_TEMPORAL_NAMESPACE_UNKNOWN/s,
    );
    expect(await errorOf({ codecKey: 'short' })).toMatch(/"settings".*BIZ_TEMPORAL_CODEC_KEY_INVALID/s);
    expect(await errorOf({ tlsCert: 'x', tlsKey: '' })).toMatch(/"settings".*BIZ_TLS_/s);
  });

  it('names the login when something that is no Temporal answers, and shows no secret', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await errorOf({ address: `127.0.0.1:${port}` })).toMatch(/"login"/);
      const secret = 'very-secret-key';
      const error = await errorOf({ address: `127.0.0.1:${port}`, apiKey: secret });
      expect(error).toMatch(/"TLS"/);
      expect(error).not.toContain(secret);
    } finally {
      server.close();
    }
  });
});

describe('a step', () => {
  const describeIn = (value: object) =>
    runAction(describeWorkflow, { auth: { ...auth, ...value }, props: { workflowId: 'x' } });

  it('says that server or namespace is missing', async () => {
    await expect(describeIn({ address: '127.0.0.1:1' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_UNREACHABLE',
      retryable: true,
    });
    await expect(describeIn({ address: 'no-such-host.invalid' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_UNREACHABLE',
    });
    await expect(describeIn({ namespace: 'no-such-namespace' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_NAMESPACE_UNKNOWN',
    });
  });

  it.each([
    [16, 'BIZ_TEMPORAL_AUTHENTICATION_FAILED'],
    [7, 'BIZ_TEMPORAL_NOT_AUTHORIZED'],
  ])('knows gRPC status %d of a server that checks keys', async (code, expected) => {
    const grpcError = Object.assign(new Error('refused'), { code, details: 'refused', metadata: {} });
    await expect(withTemporal(auth, () => Promise.reject(grpcError))).rejects.toMatchObject({
      code: expected,
    });
  });
});

describe('addresses', () => {
  it('are read with and without port, and refused otherwise', () => {
    expect(parseAddress('host')).toEqual({ host: 'host', port: 7233 });
    expect(parseAddress('10.0.0.1:99')).toEqual({ host: '10.0.0.1', port: 99 });
    expect(parseAddress('[::1]:7000')).toEqual({ host: '::1', port: 7000 });
    for (const bad of ['', 'a b', 'http://x', 'x:0', 'x:70000', 'x:y']) {
      expect(() => parseAddress(bad)).toThrow(/not an address/);
    }
  });
});

describe('payload codec', () => {
  const keyRing = (ids: string[]) => new Map(ids.map((id) => [id, randomBytes(32)]));

  it('gives every payload back, also after the key has changed', async () => {
    const ring = keyRing(['old', 'new']);
    const old = createPayloadCodec({ current: 'old', ring });
    const now = createPayloadCodec({ current: 'new', ring });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.jsonValue(), fc.uint8Array())), async (values) => {
        const payloads = values.map((value) => defaultPayloadConverter.toPayload(value));
        for (const codec of [old, now]) {
          const sealed = await codec.encode(payloads);
          const opened = await now.decode(sealed);
          expect(opened.map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual(
            payloads.map((payload) => defaultPayloadConverter.fromPayload(payload)),
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it('notices every changed byte', async () => {
    const codec = createPayloadCodec({ current: 'k', ring: keyRing(['k']) });
    const [sealed] = await codec.encode([defaultPayloadConverter.toPayload({ amount: '10.00' })]);
    const bytes = Buffer.from(sealed?.data ?? []);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ by;
        await expect(codec.decode([{ ...sealed, data: changed }])).rejects.toMatchObject({
          code: 'BIZ_TEMPORAL_PAYLOAD_UNREADABLE',
        });
      }),
      { numRuns: 60 },
    );
  });

  it('never makes the same bytes twice, and leaves what is not encrypted alone', async () => {
    const codec = createPayloadCodec({ current: 'k', ring: keyRing(['k']) });
    const payload = defaultPayloadConverter.toPayload('x');
    const sealed = await codec.encode([payload, payload]);
    expect(Buffer.from(sealed[0]?.data ?? [])).not.toEqual(Buffer.from(sealed[1]?.data ?? []));
    expect(await codec.decode([payload])).toEqual([payload]);
    const other = createPayloadCodec({ current: 'other', ring: keyRing(['other']) });
    await expect(other.decode(sealed)).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_CODEC_KEY_UNKNOWN' });
  });

  it('takes keys of 32 bytes in base64 and hexadecimal only', () => {
    const key = randomBytes(32);
    expect(parseKey(key.toString('hex'))).toEqual(key);
    expect(parseKey(key.toString('base64'))).toEqual(key);
    for (const bad of ['', 'x', key.toString('hex').slice(2), '!'.repeat(44)]) {
      expect(() => parseKey(bad)).toThrow(/32 bytes/);
    }
  });

  it('works together with a worker that has the key; the server and others see nothing', async () => {
    const key = randomBytes(32);
    const worker = await startWorker(uniqueName('queue'), key.toString('hex'));
    const { client, connection } = await rawClient();
    try {
      const secret = { ...auth, codecKey: key.toString('base64'), codecKeyId: 'test' };
      const workflowId = uniqueName('sealed');
      const word = uniqueName('word');
      await runAction(startWorkflow, {
        auth: secret,
        props: {
          workflowType: 'echo',
          taskQueue: worker.taskQueue,
          workflowId,
          arguments: [{ word }],
          memo: { word },
        },
      });
      const get = (value: object) =>
        runAction(getResult, { auth: { ...auth, ...value }, props: { workflowId } });
      expect((await get(secret)).output).toMatchObject({ result: { word } });
      await expect(get({})).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_PAYLOAD_UNREADABLE' });
      await eventually(async () => {
        const { output } = await runAction(listWorkflows, { auth, props: { workflowIdPrefix: workflowId } });
        expect(output).toMatchObject({ workflows: [{ workflowId, memo: { word: null } }] });
      });
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      // Bytes are base64 in JSON.
      const stored = JSON.stringify(events).replaceAll(/"([\w+/]{8,}={0,2})"/g, (_match, bytes: string) =>
        Buffer.from(bytes, 'base64').toString('latin1'),
      );
      expect(stored).toContain('binary/encrypted');
      expect(stored).not.toContain(word);
      const history = await runAction(getHistory, { auth: secret, props: { workflowId } });
      expect(JSON.stringify(history.output)).toContain(word);
      await expect(
        get({ codecKey: randomBytes(32).toString('hex'), codecKeyId: 'other' }),
      ).rejects.toMatchObject({
        code: 'BIZ_TEMPORAL_CODEC_KEY_UNKNOWN',
      });
      await expect(
        get({ codecKey: randomBytes(32).toString('hex'), codecKeyId: 'test' }),
      ).rejects.toMatchObject({
        code: 'BIZ_TEMPORAL_PAYLOAD_UNREADABLE',
      });
      expect(
        (
          await get({
            codecKey: randomBytes(32).toString('hex'),
            codecKeyId: 'newer',
            codecOldKeys: `test=${key.toString('base64')}`,
          })
        ).output,
      ).toMatchObject({ result: { word } });
    } finally {
      await worker.stop();
      await connection.close();
    }
  });
});

it('reaches the server under its address', () => {
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
});
