import { messageOf } from '@bizstack/contracts';
import type { Admin } from 'kafkajs';
import { topicsOf } from './offsets';
import { RegistrationConsumer, type Surroundings } from './registration-consumer';
import type { RegistrationStore, StoredRegistration } from './store';

/** Keeps this replica's consumers in step with the registrations in the database. */
export class Supervisor {
  readonly #store: RegistrationStore;
  readonly #admin: () => Promise<Admin>;
  readonly #around: Surroundings;
  readonly #running = new Map<string, RegistrationConsumer>();
  #timer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #stopped = false;
  #lastSync = 0;

  constructor(store: RegistrationStore, admin: () => Promise<Admin>, around: Surroundings) {
    this.#store = store;
    this.#admin = admin;
    this.#around = around;
  }

  start(): void {
    this.sync();
  }

  /** Looks at the database now, after what is under way. */
  sync(): void {
    clearTimeout(this.#timer);
    this.#syncing = this.#syncing.then(() => this.#syncOnce());
  }

  /** Milliseconds since the database was last read. */
  get age(): number {
    return Date.now() - this.#lastSync;
  }

  statusOf(id: string): RegistrationConsumer['status'] | undefined {
    return this.#running.get(id)?.status;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#syncing;
    await Promise.all([...this.#running.keys()].map((id) => this.#end(id)));
  }

  async #syncOnce(): Promise<void> {
    if (this.#stopped) return;
    try {
      const wanted = (await this.#store.list()).filter(({ enabled }) => enabled);
      this.#lastSync = Date.now();
      const ids = new Set(wanted.map(({ id }) => id));
      await Promise.all([...this.#running.keys()].filter((id) => !ids.has(id)).map((id) => this.#end(id)));
      for (const stored of wanted) await this.#bringUp(stored);
    } catch (error) {
      // What runs goes on; registrations change rarely.
      this.#around.log.error('the registrations could not be read', { error: messageOf(error) });
    }
    this.#around.metrics.running(this.#running.size);
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => this.sync(), this.#around.config.syncMs);
  }

  async #bringUp(stored: StoredRegistration): Promise<void> {
    const running = this.#running.get(stored.id);
    try {
      const fixed =
        stored.registration.topicPattern === undefined && running?.stored.revision === stored.revision;
      if (fixed || this.#stopped) return;
      const topics = await topicsOf(await this.#admin(), stored.registration);
      const same = running?.stored.revision === stored.revision && running.topics.join() === topics.join();
      if (same) return;
      if (running) await this.#end(stored.id);
      if (topics.length === 0) return;
      const consumer = new RegistrationConsumer(stored, topics, this.#around);
      this.#running.set(stored.id, consumer);
      await consumer.start();
    } catch (error) {
      // One broken registration must not hold up the others; it is tried again at the next look.
      this.#around.log.error('a registration does not start', {
        registration: stored.id,
        error: messageOf(error),
      });
      if (!running || this.#running.get(stored.id) !== running) await this.#end(stored.id);
    }
  }

  async #end(id: string): Promise<void> {
    const consumer = this.#running.get(id);
    this.#running.delete(id);
    await consumer?.stop().catch((error: unknown) => {
      this.#around.log.warn('a consumer did not stop cleanly', { registration: id, error: messageOf(error) });
    });
  }
}
