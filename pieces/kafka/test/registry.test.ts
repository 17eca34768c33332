import { createTriggerHarness, runAction } from '@bizstack/piece-testkit';
import { consumeMessages } from '../src/lib/actions/consume-messages';
import { sendMessage } from '../src/lib/actions/send-message';
import { sendMessages } from '../src/lib/actions/send-messages';
import { kafkaAuth } from '../src/lib/auth';
import { closeConnections } from '../src/lib/client';
import { newMessage } from '../src/lib/triggers/new-message';
import { auth as kafka, newTopic, produce, uniqueName } from './support/kafka';
import { type RegistryServer, startFakeRegistry, startRegistry } from './support/registry';

let registry: RegistryServer;
let auth: Record<string, unknown> & { brokers: string };

beforeAll(async () => {
  registry = await startRegistry();
  auth = { ...kafka, registryUrl: registry.url };
}, 240_000);

afterAll(async () => {
  await closeConnections();
  await registry.stop();
});

const send = async (topic: string, value: unknown, props: Record<string, unknown>) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  await runAction(sendMessage, { auth, props: { topic, value: text, format: 'registry', ...props } });
};

async function read(topic: string): Promise<unknown[]> {
  const { output } = await runAction(consumeMessages, {
    auth,
    props: { topic, from: 'earliest', format: 'registry' },
  });
  return (output as { messages: { value: unknown }[] }).messages.map(({ value }) => value);
}

async function register(subject: string, body: object): Promise<number> {
  const response = await fetch(`${registry.url}/subjects/${encodeURIComponent(subject)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { id: number }).id;
}

const person = (extra: object[] = []) =>
  JSON.stringify({
    type: 'record',
    name: 'Person',
    namespace: 'test',
    fields: [{ name: 'name', type: 'string' }, ...extra],
  });

describe('Avro', () => {
  it('writes with a schema that it registers, and reads every type back as JSON', async () => {
    const topic = await newTopic();
    const schema = {
      type: 'record',
      name: 'Everything',
      namespace: 'test',
      fields: [
        { name: 'small', type: 'long' },
        { name: 'large', type: 'long' },
        { name: 'bytes', type: 'bytes' },
        { name: 'fixed', type: { type: 'fixed', name: 'Two', size: 2 } },
        { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
        { name: 'day', type: { type: 'int', logicalType: 'date' } },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'exact', type: { type: 'long', logicalType: 'timestamp-micros' } },
        { name: 'maybe', type: ['null', 'string'], default: null },
        { name: 'either', type: ['int', 'long'] },
        { name: 'colour', type: { type: 'enum', name: 'Colour', symbols: ['red', 'green'] } },
        { name: 'list', type: { type: 'array', items: 'double' } },
        { name: 'map', type: { type: 'map', values: 'boolean' } },
      ],
    };
    const value = {
      small: 42,
      large: '9223372036854775807',
      bytes: '/wA=',
      fixed: 'AAE=',
      price: '-12.50',
      day: '2026-02-28',
      at: '2026-01-01T12:00:00.123Z',
      exact: '2026-01-01T12:00:00.123456Z',
      maybe: null,
      either: { long: 5 },
      colour: 'green',
      list: [1.5, 2],
      map: { yes: true },
    };
    await send(topic, value, { newSchema: JSON.stringify(schema) });
    expect(await read(topic)).toEqual([value]);
  });

  it('uses the latest version, a version or an id, and reads what older ones wrote', async () => {
    const topic = await newTopic();
    const first = await register(`${topic}-value`, { schema: person() });
    await send(topic, { name: 'Ada' }, { schemaVersion: 'latest' });
    await register(`${topic}-value`, { schema: person([{ name: 'age', type: 'int', default: 0 }]) });
    await send(topic, { name: 'Bob', age: 5 }, { schemaVersion: '2' });
    await send(topic, { name: 'Eve' }, { schemaId: first });
    await send(topic, { name: 'Joe' }, { schemaVersion: '1', schemaSubject: `${topic}-value` });
    expect(await read(topic)).toEqual([
      { name: 'Ada' },
      { name: 'Bob', age: 5 },
      { name: 'Eve' },
      { name: 'Joe' },
    ]);
  });

  it('follows references', async () => {
    const topic = await newTopic();
    const subject = uniqueName('person');
    await register(subject, { schema: person() });
    const order = JSON.stringify({
      type: 'record',
      name: 'Order',
      namespace: 'test',
      fields: [{ name: 'buyer', type: 'test.Person' }],
    });
    await send(
      topic,
      { buyer: { name: 'Ada' } },
      { newSchema: order, newSchemaReferences: [{ name: 'test.Person', subject, version: 1 }] },
    );
    expect(await read(topic)).toEqual([{ buyer: { name: 'Ada' } }]);
  });

  it('sends a list, and a tombstone', async () => {
    const topic = await newTopic();
    await runAction(sendMessages, {
      auth,
      props: {
        topic,
        format: 'registry',
        newSchema: '"string"',
        messages: [{ value: 'a' }, { value: null }, { value: 'b' }] as never,
      },
    });
    expect(await read(topic)).toEqual(['a', null, 'b']);
  });

  it.each([
    [{ name: 5 }, /name is not string/],
    [{}, /name is missing/],
    [{ name: 'x', extra: 1 }, /does not know: extra/],
  ])('refuses %j and says where', async (value, expected) => {
    const topic = await newTopic();
    await expect(send(topic, value, { newSchema: person() })).rejects.toMatchObject({
      code: 'BIZ_KAFKA_VALUE_INVALID',
      message: expect.stringMatching(expected) as string,
    });
    expect(await read(topic)).toEqual([]);
  });
});

describe('JSON Schema', () => {
  const schema = JSON.stringify({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { email: { type: 'string', format: 'email' } },
    required: ['email'],
    additionalProperties: false,
  });

  it('writes and reads', async () => {
    const topic = await newTopic();
    await send(topic, { email: 'a@b.example' }, { newSchema: schema, newSchemaType: 'JSON' });
    expect(await read(topic)).toEqual([{ email: 'a@b.example' }]);
  });

  it('follows references', async () => {
    const topic = await newTopic();
    const subject = uniqueName('email');
    await register(subject, {
      schema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"string","minLength":3}',
      schemaType: 'JSON',
    });
    const withReference = JSON.stringify({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { email: { $ref: 'email.json' } },
    });
    const props = {
      newSchema: withReference,
      newSchemaType: 'JSON',
      newSchemaReferences: [{ name: 'email.json', subject, version: 1 }],
    };
    await send(topic, { email: 'abc' }, props);
    await expect(send(topic, { email: 'a' }, props)).rejects.toMatchObject({
      code: 'BIZ_KAFKA_VALUE_INVALID',
    });
    expect(await read(topic)).toEqual([{ email: 'abc' }]);
  });

  it.each([
    [{ email: 'nobody' }, /email: String does not match format/],
    [{ email: 'a@b.example', more: 1 }, /more: is not allowed/],
  ])('refuses %j and says where', async (value, expected) => {
    const topic = await newTopic();
    await expect(send(topic, value, { newSchema: schema, newSchemaType: 'JSON' })).rejects.toMatchObject({
      code: 'BIZ_KAFKA_VALUE_INVALID',
      message: expect.stringMatching(expected) as string,
    });
  });
});

describe('Protobuf', () => {
  const schema = `syntax = "proto3";
package test;
import "google/protobuf/timestamp.proto";
message First { string name = 1; }
message Second {
  message Inner { int64 n = 1; bytes data = 2; Kind kind = 3; repeated int32 list = 4; map<string, bool> flags = 5; google.protobuf.Timestamp at = 6; }
  Inner inner = 1;
}
enum Kind { NONE = 0; SOME = 1; }`;
  const newSchema = { newSchema: schema, newSchemaType: 'PROTOBUF' };

  it('writes the first message, another one, and a nested one', async () => {
    const topic = await newTopic();
    const inner = {
      n: '9007199254740993',
      data: '/wA=',
      kind: 'SOME',
      list: [1, -2],
      flags: { on: true },
      at: '2026-01-01T12:00:00.500Z',
    };
    await send(topic, { name: 'Ada' }, newSchema);
    await send(topic, { inner }, { ...newSchema, schemaMessage: 'Second' });
    await send(topic, inner, { ...newSchema, schemaMessage: 'test.Second.Inner' });
    expect(await read(topic)).toEqual([{ name: 'Ada' }, { inner }, inner]);
  });

  it('follows references', async () => {
    const topic = await newTopic();
    const subject = uniqueName('shared');
    await register(subject, {
      schema: 'syntax = "proto3"; package shared; message Money { int32 cents = 1; }',
      schemaType: 'PROTOBUF',
    });
    await send(
      topic,
      { total: { cents: 5 } },
      {
        newSchema: 'syntax = "proto3"; import "money.proto"; message Bill { shared.Money total = 1; }',
        newSchemaType: 'PROTOBUF',
        newSchemaReferences: [{ name: 'money.proto', subject, version: 1 }],
      },
    );
    expect(await read(topic)).toEqual([{ total: { cents: 5 } }]);
  });

  it.each([
    [{ name: 5 }, undefined, 'BIZ_KAFKA_VALUE_INVALID', /name is not string/],
    [{ nme: 'x' }, undefined, 'BIZ_KAFKA_VALUE_INVALID', /nme is not a field of First/],
    [{ n: '99999999999999999999' }, 'Inner', 'BIZ_KAFKA_VALUE_INVALID', /n is not int64/],
    [{ list: [1, 'x'] }, 'Inner', 'BIZ_KAFKA_VALUE_INVALID', /list\[1\] is not int32/],
    [{ kind: 'OTHER' }, 'Inner', 'BIZ_KAFKA_VALUE_INVALID', /kind is not one of NONE, SOME/],
    [{}, 'Third', 'BIZ_KAFKA_SCHEMA_MESSAGE_UNKNOWN', /test\.First, test\.Second/],
  ])('refuses %j as %s', async (value, schemaMessage, code, message) => {
    const topic = await newTopic();
    await expect(send(topic, value, { ...newSchema, schemaMessage })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('the trigger', () => {
  it('reads values of several schemas, and sets aside what no schema fits', async () => {
    const topic = await newTopic();
    await send(topic, { name: 'Ada' }, { newSchema: person(), schemaSubject: uniqueName('a') });
    await produce(topic, [
      { value: '{"plain":"json"}' },
      { value: Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]) },
    ]);
    await send(
      topic,
      { n: 1 },
      {
        newSchema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}',
        newSchemaType: 'JSON',
        schemaSubject: uniqueName('b'),
      },
    );
    const harness = createTriggerHarness(newMessage, {
      auth,
      props: { topics: [topic], format: 'registry', start: 'earliest', onUnreadable: 'dead_letter' },
      identity: { flowId: uniqueName('flow') },
    });
    await harness.enable();
    const runs = (await harness.run()) as { value: unknown }[];
    expect(runs.map(({ value }) => value)).toEqual([{ name: 'Ada' }, { n: 1 }]);
    const { output } = await runAction(consumeMessages, {
      auth,
      props: { topic: `${topic}.dlq`, from: 'earliest', format: 'binary' },
    });
    const letters = (output as { messages: { headers: Record<string, string> }[] }).messages;
    // The dead letter topic has several partitions, so that the order between them is open.
    expect(letters.map(({ headers }) => headers['dlq-error']).sort()).toEqual([
      expect.stringMatching(/no schema 2147483647/) as string,
      expect.stringContaining('not written with a schema') as string,
    ]);
  });

  it('loses nothing while the registry is away', async () => {
    const topic = await newTopic();
    await send(topic, { name: 'Ada' }, { newSchema: person() });
    const identity = { flowId: uniqueName('flow') };
    const props = {
      topics: [topic],
      format: 'registry' as const,
      start: 'earliest' as const,
      onUnreadable: 'skip' as const,
    };
    const away = { ...kafka, registryUrl: 'http://127.0.0.1:1' };
    const broken = createTriggerHarness(newMessage, { auth: away, props, identity });
    await broken.enable();
    await expect(broken.run()).rejects.toMatchObject({
      code: 'BIZ_KAFKA_REGISTRY_UNREACHABLE',
      retryable: true,
    });
    const { store } = broken;
    const back = createTriggerHarness(newMessage, { auth, props, identity, store });
    expect(await back.run()).toMatchObject([{ value: { name: 'Ada' } }]);
  });
});

describe('errors', () => {
  it('say that a new schema is not compatible', async () => {
    const topic = await newTopic();
    await register(`${topic}-value`, { schema: person() });
    await fetch(`${registry.url}/config/${topic}-value`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: '{"compatibility":"BACKWARD"}',
    });
    await expect(
      send(topic, { name: 'x', age: 1 }, { newSchema: person([{ name: 'age', type: 'int' }]) }),
    ).rejects.toMatchObject({ code: 'BIZ_KAFKA_SCHEMA_INCOMPATIBLE' });
  });

  it.each([
    ['an unknown subject', {}, 'BIZ_KAFKA_SCHEMA_UNKNOWN', /latest of "test-/],
    ['an unknown id', { schemaId: 2_000_000_000 }, 'BIZ_KAFKA_SCHEMA_UNKNOWN', /no schema 2000000000/],
    ['a schema that is none', { newSchema: '{"type":"nonsense"}' }, 'BIZ_KAFKA_SCHEMA_INVALID', /schema/],
    [
      'an id beside a new schema',
      { newSchema: '"int"', schemaId: 1 },
      'BIZ_INPUT_INVALID',
      /exclude each other/,
    ],
  ])('name %s', async (_what, props, code, message) => {
    await expect(send(await newTopic(), { name: 'x' }, props)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('ask for a registry in the connection', async () => {
    const topic = await newTopic();
    await expect(
      runAction(sendMessage, { auth: kafka, props: { topic, value: '1', format: 'registry' } }),
    ).rejects.toMatchObject({ code: 'BIZ_KAFKA_REGISTRY_MISSING' });
  });

  it.each([
    [401, '{"error_code":40101,"message":"no"}', 'BIZ_KAFKA_REGISTRY_LOGIN', 1],
    [403, '{"error_code":40301,"message":"no"}', 'BIZ_KAFKA_REGISTRY_NOT_AUTHORIZED', 1],
    [404, '{"error_code":40403,"message":"no"}', 'BIZ_KAFKA_SCHEMA_UNKNOWN', 1],
    [404, '<html>', 'BIZ_KAFKA_REGISTRY_FAILED', 1],
    [422, '{"error_code":42201,"message":"no"}', 'BIZ_KAFKA_SCHEMA_INVALID', 1],
    [503, '{"error_code":50301,"message":"no"}', 'BIZ_KAFKA_REGISTRY_FAILED', 3],
    [200, '<html>', 'BIZ_KAFKA_REGISTRY_FAILED', 1],
  ])('understand the answer %s %s', async (status, body, code, requests) => {
    const fake = await startFakeRegistry((_request, response) => response.writeHead(status).end(body));
    try {
      const topic = await newTopic();
      const connection = {
        ...kafka,
        registryUrl: fake.url,
        registryUsername: 'u',
        registryPassword: 'top-secret',
      };
      const sending = runAction(sendMessage, {
        auth: connection,
        props: { topic, value: '1', format: 'registry', schemaId: 1 },
      });
      await expect(sending).rejects.toMatchObject({ code });
      await expect(sending).rejects.not.toThrow('top-secret');
      expect(fake.requests).toEqual(Array<string>(requests).fill('GET /schemas/ids/1'));
    } finally {
      await fake.stop();
    }
  });

  it('stand in the check of the connection', async () => {
    const validate = (props: object) =>
      kafkaAuth.validate?.({
        auth: { ...kafka, ...props },
        server: { apiUrl: '', publicUrl: '', token: '' },
      } as never);
    expect(await validate({ registryUrl: registry.url })).toEqual({ valid: true });
    expect(await validate({ registryUrl: 'http://127.0.0.1:1' })).toMatchObject({
      error: expect.stringMatching(/Schema Registry at http:\/\/127.0.0.1:1.*REGISTRY_UNREACHABLE/) as string,
    });
    expect(await validate({ registryUrl: 'registry:8081' })).toMatchObject({
      error: expect.stringContaining('BIZ_KAFKA_REGISTRY_URL') as string,
    });
  });
});

describe('the cache', () => {
  it('asks once for a schema, and sends the credentials', async () => {
    const logins: (string | undefined)[] = [];
    const fake = await startFakeRegistry((request, response) => {
      logins.push(request.headers.authorization);
      response.end(JSON.stringify({ schema: '"string"' }));
    });
    try {
      const topic = await newTopic();
      const connection = { ...kafka, registryUrl: fake.url, registryUsername: 'u', registryPassword: 'p' };
      for (const value of ['"a"', '"b"', '"c"']) {
        await runAction(sendMessage, {
          auth: connection,
          props: { topic, value, format: 'registry', schemaId: 7 },
        });
      }
      expect(fake.requests).toEqual(['GET /schemas/ids/7']);
      expect(logins).toEqual([`Basic ${Buffer.from('u:p').toString('base64')}`]);
    } finally {
      await fake.stop();
    }
  });
});
