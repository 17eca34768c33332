import { type ConnectionPool, createConnectionPool } from '@bizstack/piece-common';
import { type Admin, Kafka, type Producer } from 'kafkajs';
import { registerCodecs } from './codecs';
import { type KafkaAuthValues, kafkaConfig, parseAuth } from './config';
import { type KafkaErrorContext, kafkaError } from './errors';
import { stablePartitioner } from './partitioner';
import { PartitionReader } from './reader';
import { closeRegistries } from './registry/registry';

registerCodecs();

/** `idempotent`: the broker drops what a retry sends twice; needs acks from all replicas. */
export type ProducerKind = 'idempotent' | 'plain';

/** Connections of one set of credentials; each opens on first use. */
class KafkaConnection {
  readonly #kafka: Kafka;
  #admin: Promise<Admin> | undefined;
  readonly #producers = new Map<ProducerKind, Promise<Producer>>();

  constructor(auth: KafkaAuthValues) {
    this.#kafka = new Kafka(kafkaConfig(auth));
  }

  get kafka(): Kafka {
    return this.#kafka;
  }

  admin(): Promise<Admin> {
    this.#admin ??= this.#open(this.#kafka.admin()).catch((error: unknown) => {
      this.#admin = undefined;
      throw error;
    });
    return this.#admin;
  }

  producer(kind: ProducerKind): Promise<Producer> {
    const known = this.#producers.get(kind);
    if (known) return known;
    const opening = this.#open(
      this.#kafka.producer({
        allowAutoTopicCreation: false,
        createPartitioner: stablePartitioner,
        // kafkajs retries an idempotent send without end unless told otherwise.
        ...(kind === 'idempotent' ? { idempotent: true, maxInFlightRequests: 1, retry: { retries: 5 } } : {}),
      }),
    ).catch((error: unknown) => {
      this.#producers.delete(kind);
      throw error;
    });
    this.#producers.set(kind, opening);
    return opening;
  }

  /** After a failed send: sequence numbers may be out of step, so the next send starts a new producer. */
  async discardProducer(kind: ProducerKind): Promise<void> {
    const producer = this.#producers.get(kind);
    this.#producers.delete(kind);
    await (await producer)?.disconnect();
  }

  async close(): Promise<void> {
    const open = [this.#admin, ...this.#producers.values()];
    this.#admin = undefined;
    this.#producers.clear();
    await Promise.allSettled(open.map(async (client) => (await client)?.disconnect()));
  }

  async #open<C extends Admin | Producer>(client: C): Promise<C> {
    try {
      await client.connect();
    } catch (error) {
      // A client that failed half-way keeps sockets open.
      await client.disconnect().catch(() => undefined);
      throw error;
    }
    return client;
  }
}

export type { KafkaConnection };

const connections: ConnectionPool<KafkaAuthValues, KafkaConnection> = createConnectionPool({
  open: (auth) => new KafkaConnection(auth),
  close: (connection) => connection.close(),
});

interface ReaderKey {
  readonly auth: KafkaAuthValues;
  /** Readers keep fetched messages, so each trigger has its own. */
  readonly owner: string;
  readonly topics: readonly string[];
}

const readers: ConnectionPool<ReaderKey, PartitionReader> = createConnectionPool({
  open: ({ auth, topics }) => PartitionReader.open(kafkaConfig(auth), topics),
  close: (reader) => reader.close(),
  // Longer than the default polling interval of Activepieces.
  idleMs: 6 * 60_000,
});

/**
 * Runs `work` on the shared connection of these credentials.
 * @throws BizError with a readable text for whatever Kafka refuses.
 */
export async function withKafka<T>(
  props: unknown,
  work: (connection: KafkaConnection) => Promise<T>,
  context: Omit<KafkaErrorContext, 'brokers'> = {},
): Promise<T> {
  const auth = parseAuth(props);
  try {
    return await connections.use(auth, work);
  } catch (error) {
    throw kafkaError(error, { ...context, brokers: auth.brokers });
  }
}

/** Runs `work` with the admin client. @throws BizError */
export function withAdmin<T>(
  props: unknown,
  work: (admin: Admin) => Promise<T>,
  context?: Omit<KafkaErrorContext, 'brokers'>,
): Promise<T> {
  return withKafka(props, async (connection) => work(await connection.admin()), context);
}

/** Runs `work` with a reader of these topics that belongs to `owner`. @throws BizError */
export async function withReader<T>(
  { auth: props, owner, topics }: { auth: unknown; owner: string; topics: readonly string[] },
  work: (reader: PartitionReader) => Promise<T>,
): Promise<T> {
  const auth = parseAuth(props);
  const key = { auth, owner, topics: [...topics].sort() };
  try {
    return await readers.use(key, work);
  } catch (error) {
    await readers.discard(key);
    throw kafkaError(error, { brokers: auth.brokers, topic: topics.join(', ') });
  }
}

/** Closes everything that is open; for tests and for a clean end of the process. */
export async function closeConnections(): Promise<void> {
  await Promise.all([connections.closeAll(), readers.closeAll(), closeRegistries()]);
}
