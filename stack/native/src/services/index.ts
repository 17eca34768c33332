import { BizError } from '@bizstack/contracts';
import type { ServiceDriver } from '../driver';
import { autogenDriver } from './autogen';
import { clickhouseDriver } from './clickhouse';
import { embeddingsDriver } from './embeddings';
import { flowsDriver } from './flows';
import { kafkaDriver } from './kafka';
import { kafkaBridgeDriver } from './kafka-bridge';
import { nocobaseDriver } from './nocobase';
import { postgresDriver } from './postgres';
import { qdrantDriver } from './qdrant';
import { redisDriver } from './redis';
import { temporalDriver } from './temporal';
import { workflowsDriver } from './workflows';

/** Every service of the native stack. Port offsets are unique across them and below `PORT_BLOCK`. */
export const DRIVERS: readonly ServiceDriver[] = [
  postgresDriver,
  redisDriver,
  kafkaDriver,
  kafkaBridgeDriver,
  clickhouseDriver,
  qdrantDriver,
  embeddingsDriver,
  nocobaseDriver,
  flowsDriver,
  temporalDriver,
  workflowsDriver,
  autogenDriver,
];

/** The path of a lead, without what it does not need. */
const LEAD_PATH = [
  'postgres',
  'redis',
  'kafka',
  'kafka-bridge',
  'clickhouse',
  'qdrant',
  'embeddings',
  'nocobase',
  'flows',
];

/** Named sets of services. */
export const PROFILES: Readonly<Record<string, readonly string[]>> = {
  core: [...LEAD_PATH, 'temporal', 'workflows'],
  lead: LEAD_PATH,
  agents: ['autogen'],
  data: ['postgres', 'redis', 'kafka', 'clickhouse', 'qdrant', 'embeddings'],
};

/**
 * Services of profiles and service names, given together.
 * @throws BizError `BIZ_NATIVE_PROFILE_UNKNOWN`
 */
export function servicesOf(names: readonly string[]): string[] {
  const services = new Set<string>();
  for (const name of names) {
    const profile =
      PROFILES[name] ?? DRIVERS.filter((driver) => driver.name === name).map((driver) => driver.name);
    if (profile.length === 0) {
      throw new BizError('BIZ_NATIVE_PROFILE_UNKNOWN', `There is no profile or service "${name}".`, {
        hint: `Profiles: ${Object.keys(PROFILES).join(', ')}. Services: ${DRIVERS.map((driver) => driver.name).join(', ')}.`,
      });
    }
    for (const service of profile) services.add(service);
  }
  return [...services];
}
