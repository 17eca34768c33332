import { setTimeout as delay } from 'node:timers/promises';
import { BizError, messageOf } from '@bizstack/contracts';
import type { Registration } from '@bizstack/piece-kafka/dist/lib/bridge';
import type { Admin } from 'kafkajs';
import type { Config } from './config';
import type { Logger } from './log';
import { committedOffsets, isIdle, prepareOffsets, topicsOf } from './offsets';
import { type RegistrationStore, sameRegistration, type StoredRegistration } from './store';
import { secretOf } from './webhook';

const POLL_MS = 250;

interface Parts {
  readonly config: Config;
  readonly store: RegistrationStore;
  readonly admin: () => Promise<Admin>;
  readonly log: Logger;
  /** Tells this replica's supervisor to look at the database at once. */
  readonly changed: () => void;
}

/** Makes, changes and ends registrations. Every call may be repeated. */
export class Registrar {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Makes or replaces a registration.
   * @returns what signs its deliveries.
   * @throws BizError `BIZ_BRIDGE_ORIGIN_REFUSED`, `_CLUSTER_OTHER`, `_TOPIC_UNKNOWN`, `_GROUP_IN_USE`
   */
  async register(id: string, registration: Registration): Promise<{ id: string; secret: string }> {
    const { config, store, log, changed } = this.#parts;
    if (!config.allowsWebhook(registration.webhookUrl)) {
      throw new BizError(
        'BIZ_BRIDGE_ORIGIN_REFUSED',
        `The bridge does not call ${new URL(registration.webhookUrl).origin}.`,
        { hint: 'Add this origin to BRIDGE_WEBHOOK_ORIGINS of the bridge.' },
      );
    }
    const admin = await this.#parts.admin();
    await requireCluster(admin, registration.clusterId);
    const answer = { id, secret: secretOf(config.signingKey, id) };
    const before = await store.get(id);
    if (before?.enabled === true && sameRegistration(before.registration, registration)) return answer;

    const topics = await topicsOf(admin, registration);
    if (before?.enabled === true) await this.#end(before);
    await this.#untilIdle(admin, registration.groupId);
    const sameGroup = before?.registration.groupId === registration.groupId;
    const positions = await prepareOffsets({
      auth: config.kafka,
      registration,
      topics,
      known: sameGroup ? before.positions : {},
      first: !sameGroup,
    });
    await store.put(id, registration, positions);
    log.info('registered', { registration: id, groupId: registration.groupId, topics: topics.join(', ') });
    changed();
    return answer;
  }

  /** Ends the deliveries of a registration. Offsets are kept. */
  async unregister(id: string): Promise<void> {
    const before = await this.#parts.store.get(id);
    if (before?.enabled !== true) return;
    await this.#end(before);
    this.#parts.log.info('unregistered', { registration: id });
  }

  async #end({ id, registration, positions }: StoredRegistration): Promise<void> {
    const { config, store, log, changed } = this.#parts;
    let committed = positions;
    try {
      const topics = await topicsOf(await this.#parts.admin(), registration);
      committed = await committedOffsets(config.kafka, registration.groupId, topics);
    } catch (error) {
      // Kafka keeps the group's offsets itself; these are for the day when it has forgotten them.
      log.warn('offsets could not be read', { registration: id, error: messageOf(error) });
    }
    await store.disable(id, committed);
    changed();
  }

  /** Replicas leave the group within the time that they take to notice; one that died, when its session ends. */
  async #untilIdle(admin: Admin, groupId: string): Promise<void> {
    const { config } = this.#parts;
    const deadline = Date.now() + config.sessionTimeoutMs + config.syncMs + 5_000;
    while (!(await isIdle(admin, groupId))) {
      if (Date.now() > deadline) {
        throw new BizError(
          'BIZ_BRIDGE_GROUP_IN_USE',
          `The consumer group "${groupId}" has running consumers.`,
          {
            hint: 'Stop those consumers, or use another group.',
          },
        );
      }
      await delay(POLL_MS);
    }
  }
}

async function requireCluster(admin: Admin, wanted: string | undefined): Promise<void> {
  if (wanted === undefined) return;
  const { clusterId } = await admin.describeCluster();
  if (clusterId === wanted) return;
  throw new BizError(
    'BIZ_BRIDGE_CLUSTER_OTHER',
    'The flow means another Kafka cluster than the bridge reads.',
    {
      hint: 'Use a connection to the same cluster, or a bridge for that one.',
    },
  );
}
