import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'bizstack_kafka_bridge_';

export type Outcome = 'delivered' | 'filtered' | 'skipped' | 'dead_lettered';

/** What Prometheus sees. Labels hold ids of registrations and names of topics, nothing of the messages. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #messages = this.#counter('messages_total', 'Messages, by what became of them', [
    'registration',
    'outcome',
  ]);
  readonly #deliveries = this.#counter('deliveries_total', 'Calls of webhooks, by result', [
    'registration',
    'result',
  ]);
  readonly #seconds = new Histogram({
    name: `${PREFIX}delivery_seconds`,
    help: 'Time that webhooks took to answer',
    labelNames: ['registration'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [this.#registry],
  });
  readonly #lag = this.#gauge('lag', 'Messages behind the end of the partition after the last commit', [
    'registration',
    'topic',
    'partition',
  ]);
  readonly #paused = this.#gauge('paused_partitions', 'Partitions that wait before a retry', [
    'registration',
  ]);
  readonly #running = this.#gauge('registrations', 'Registrations that this replica takes part in', []);

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  messages(registration: string, outcome: Outcome, count: number): void {
    if (count > 0) this.#messages.inc({ registration, outcome }, count);
  }

  delivery(
    registration: string,
    result: 'accepted' | 'refused' | 'failed' | 'postponed',
    seconds: number,
  ): void {
    this.#deliveries.inc({ registration, result });
    this.#seconds.observe({ registration }, seconds);
  }

  lag(registration: string, topic: string, partition: number, messages: number): void {
    this.#lag.set({ registration, topic, partition: String(partition) }, messages);
  }

  paused(registration: string, partitions: number): void {
    this.#paused.set({ registration }, partitions);
  }

  running(count: number): void {
    this.#running.set(count);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    return new Gauge({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }
}
