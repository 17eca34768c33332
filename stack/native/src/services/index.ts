import type { ServiceDriver } from '../driver';
import { kafkaDriver } from './kafka';
import { postgresDriver } from './postgres';
import { redisDriver } from './redis';

/** Every service of the native stack. Port offsets are unique across them and below PORT_BLOCK. */
export const DRIVERS: readonly ServiceDriver[] = [postgresDriver, redisDriver, kafkaDriver];
