import { Property, type Store } from '@activepieces/pieces-framework';
import { z } from 'zod';
import { createPollCursor } from './cursor';
import { parseInput } from './json';

const stateSchema = z.object({ active: z.boolean() });

const settingsSchema = z.object({
  condition: z.enum(['above', 'below']),
  threshold: z.coerce.number(),
  rearmAt: z.coerce.number().nullish(),
});

type AlertSettings = z.output<typeof settingsSchema>;

/** Properties of a trigger that fires when a value crosses a threshold; the value's own come before them. */
export const alertProps = {
  condition: Property.StaticDropdown<'above' | 'below', true>({
    displayName: 'Fires when the value is',
    description: 'Which side of the threshold is the alarm.',
    required: true,
    defaultValue: 'above',
    options: {
      options: [
        { label: 'above the threshold', value: 'above' },
        { label: 'below the threshold', value: 'below' },
      ],
    },
  }),
  threshold: Property.Number({
    displayName: 'Threshold',
    description: 'The value to compare with.',
    required: true,
  }),
  rearmAt: Property.Number({
    displayName: 'Armed again at',
    description:
      'The value must come back to here first, so that it does not fire at every wobble. The threshold if empty.',
    required: false,
  }),
};

export const alertSampleData = {
  value: 120,
  threshold: 100,
  condition: 'above',
  at: '2026-01-01T12:00:00.000Z',
};

export interface AlertPayload {
  /** Null when there was none. */
  readonly value: number | null;
  readonly threshold: number;
  readonly condition: 'above' | 'below';
  /** ISO 8601. */
  readonly at: string;
}

export interface AlertPoll {
  readonly store: Pick<Store, 'get' | 'put'>;
  /** Key of the state in the store. */
  readonly key: string;
  readonly propsValue: unknown;
  readonly value: number | null;
}

/**
 * One poll: the alarm when the value has crossed the threshold, nothing while it stays there.
 * @throws BizError `BIZ_INPUT_INVALID`
 */
export async function pollAlert({ store, key, propsValue, value }: AlertPoll): Promise<AlertPayload[]> {
  const settings = parseSettings(propsValue);
  const cursor = createPollCursor({ store, key, schema: stateSchema });
  const { committed, promoted } = await cursor.begin();
  const before = promoted ?? committed ?? { active: false };
  const active = isActive(value, settings, before.active);
  if (!active || before.active) {
    await cursor.commit({ active });
    return [];
  }
  await cursor.stage({ from: before, to: { active } });
  return [toPayload(value, settings)];
}

/** What an alarm with this value looks like. @throws BizError `BIZ_INPUT_INVALID` */
export function alertPayload(propsValue: unknown, value: number | null): AlertPayload {
  return toPayload(value, parseSettings(propsValue));
}

function parseSettings(propsValue: unknown): AlertSettings {
  return parseInput('Query Alert', propsValue, settingsSchema);
}

function toPayload(value: number | null, { threshold, condition }: AlertSettings): AlertPayload {
  return { value, threshold, condition, at: new Date().toISOString() };
}

function isActive(
  value: number | null,
  { condition, threshold, rearmAt }: AlertSettings,
  before: boolean,
): boolean {
  // No rows, no value: neither an alarm nor the end of one.
  if (value === null) return before;
  const limit = before ? (rearmAt ?? threshold) : threshold;
  return condition === 'above' ? value > limit : value < limit;
}
