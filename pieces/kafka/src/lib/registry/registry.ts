import { type ConnectionPool, createConnectionPool, isBizError, tlsOptions } from '@bizstack/piece-common';
import { BizError } from '@bizstack/piece-common';
import { z } from 'zod';
import type { KafkaAuthValues } from '../config';
import { type NewSchema, RegistryClient } from './client';
import { type ResolvedSchema, type Serde, schemaError } from './schema';
import { readFrame, writeFrame } from './wire';

/** Which schema a value is written with. */
export type SchemaChoice =
  | { readonly by: 'id'; readonly id: number }
  | { readonly by: 'version'; readonly subject: string; readonly version: number | 'latest' }
  | { readonly by: 'register'; readonly subject: string; readonly schema: NewSchema };

/** Reads and writes values through a Schema Registry. Compiled schemas are kept. */
export class Registry {
  readonly client: RegistryClient;
  readonly #serdes = new Map<string, Promise<Serde>>();
  readonly #ready = new Map<number, Serde>();

  constructor(client: RegistryClient) {
    this.client = client;
  }

  /**
   * Fetches what `decode` needs for these values. A schema that is unknown or broken is the value's own
   * failure and shows in `decode`; a registry that cannot be asked is thrown here.
   */
  async prepare(values: Iterable<Buffer | null>): Promise<Map<number, unknown>> {
    const failures = new Map<number, unknown>();
    const ids = new Set<number>();
    for (const value of values) {
      if (value !== null && value.length >= 5 && value[0] === 0) ids.add(value.readInt32BE(1));
    }
    for (const id of ids) {
      if (this.#ready.has(id)) continue;
      try {
        this.#ready.set(id, await this.#compile(await this.client.byId(id)));
      } catch (error) {
        if (isBizError(error) && !OF_THE_VALUE.has(error.code)) throw error;
        failures.set(id, error);
      }
    }
    return failures;
  }

  /** @throws BizError `BIZ_KAFKA_VALUE_UNREADABLE` */
  decode(value: Buffer, failures: ReadonlyMap<number, unknown>): unknown {
    const { schemaId, payload } = readFrame(value);
    const serde = this.#ready.get(schemaId);
    if (!serde) {
      const cause = failures.get(schemaId);
      throw isBizError(cause) ? cause : schemaError('BIZ_KAFKA_VALUE_UNREADABLE', schemaId, cause);
    }
    try {
      return serde.decode(payload);
    } catch (cause) {
      throw isBizError(cause) ? cause : schemaError('BIZ_KAFKA_VALUE_UNREADABLE', schemaId, cause);
    }
  }

  /** A function that writes values with one schema. @throws BizError */
  async encoder(choice: SchemaChoice, messageType: string | undefined): Promise<(value: unknown) => Buffer> {
    const schema = await this.#find(choice);
    const serde = await this.#compile(schema, messageType);
    return (value) => {
      try {
        return writeFrame(schema.id, serde.encode(value));
      } catch (cause) {
        if (isBizError(cause)) throw cause;
        throw schemaError('BIZ_KAFKA_VALUE_INVALID', schema.id, cause);
      }
    };
  }

  #find(choice: SchemaChoice): Promise<ResolvedSchema> {
    switch (choice.by) {
      case 'id':
        return this.client.byId(choice.id);
      case 'version':
        return this.client.byVersion(choice.subject, choice.version);
      case 'register':
        return this.client.register(choice.subject, choice.schema);
    }
  }

  #compile(schema: ResolvedSchema, messageType?: string): Promise<Serde> {
    const key = `${schema.id}/${messageType ?? ''}`;
    const known = this.#serdes.get(key);
    if (known) return known;
    const compiling = compile(schema, messageType).catch((cause: unknown) => {
      this.#serdes.delete(key);
      throw isBizError(cause) ? cause : schemaError('BIZ_KAFKA_SCHEMA_INVALID', schema.id, cause);
    });
    this.#serdes.set(key, compiling);
    return compiling;
  }
}

/** Failures that belong to one value, not to the connection. */
const OF_THE_VALUE = new Set(['BIZ_KAFKA_SCHEMA_UNKNOWN', 'BIZ_KAFKA_SCHEMA_INVALID']);

/** The libraries are loaded when a schema of their kind is first met: together they are most of the heap. */
async function compile(schema: ResolvedSchema, messageType: string | undefined): Promise<Serde> {
  switch (schema.type) {
    case 'AVRO':
      return (await import('./avro.js')).avroSerde(schema);
    case 'JSON':
      return (await import('./json-schema.js')).jsonSerde(schema);
    case 'PROTOBUF':
      return (await import('./protobuf.js')).protobufSerde(schema, messageType);
  }
}

const urlSchema = z.url({ protocol: /^https?$/ });

/** One registry for each connection; its cache lives while it is used. */
const registries: ConnectionPool<KafkaAuthValues, Registry> = createConnectionPool({
  open: (auth) => openRegistry(auth),
  close: (registry) => registry.client.close(),
  idleMs: 10 * 60_000,
});

function openRegistry(auth: KafkaAuthValues): Registry {
  if (auth.registryUrl === undefined) {
    throw new BizError('BIZ_KAFKA_REGISTRY_MISSING', 'The connection has no Schema Registry.', {
      hint: 'Write its URL into the connection, or choose the format JSON, Text or Binary.',
    });
  }
  const url = urlSchema.safeParse(auth.registryUrl);
  if (!url.success) {
    throw new BizError('BIZ_KAFKA_REGISTRY_URL', 'The Schema Registry URL is not an http or https URL.', {
      hint: 'Write it like https://registry.example.com:8081, without user and password.',
    });
  }
  return new Registry(
    new RegistryClient({
      url: url.data,
      username: auth.registryUsername,
      password: auth.registryPassword,
      token: auth.registryToken,
      tls: tlsOptions(auth),
    }),
  );
}

/** Runs `work` with the registry of a connection. @throws BizError */
export function withRegistry<T>(auth: KafkaAuthValues, work: (registry: Registry) => Promise<T>): Promise<T> {
  return registries.use(auth, work);
}

export async function closeRegistries(): Promise<void> {
  await registries.closeAll();
}
