import { Property } from '@activepieces/pieces-framework';
import { parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';

export const configProp = Property.Object({
  displayName: 'Settings',
  description: 'Settings of the topic, for example retention.ms or cleanup.policy.',
  required: false,
});

const configSchema = z
  .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .nullish()
  .transform((config) => config ?? {});

/** @throws BizError `BIZ_INPUT_INVALID` */
export function configEntries(config: unknown): { name: string; value: string }[] {
  return Object.entries(parseJsonProp('Settings', config, configSchema)).map(([name, value]) => ({
    name,
    value,
  }));
}
