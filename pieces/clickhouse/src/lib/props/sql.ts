import { type InputPropertyMap, Property } from '@activepieces/pieces-framework';
import { BizError, jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clickhouseAuth } from '../auth';
import type { Settings } from '../client';
import { findParameters, type SqlParameter } from '../sql/parameters';
import { type ClickHouseType, innerType, parseType } from '../types/type';
import { toParameter } from '../values';

/** A form with one field for each `{name:Type}` of the SQL. */
export const parametersProp = Property.DynamicProperties<false, typeof clickhouseAuth>({
  auth: clickhouseAuth,
  displayName: 'Parameters',
  description: 'Values of the parameters {name:Type} in the SQL.',
  required: false,
  refreshers: ['sql'],
  props: async ({ sql }): Promise<InputPropertyMap> => {
    // An expression is not known before the flow runs.
    if (typeof sql !== 'string') return {};
    return Object.fromEntries(findParameters(sql).map((parameter) => [parameter.name, fieldFor(parameter)]));
  },
});

export const moreParametersProp = Property.Json({
  displayName: 'More parameters',
  description: 'An object, over the fields above: for SQL that comes from an expression, and for null.',
  required: false,
});

export const settingsProp = Property.Json({
  displayName: 'Settings',
  description: 'ClickHouse settings for this statement, for example {"max_threads": 4}.',
  required: false,
});

function fieldFor({ name, type: text }: SqlParameter): InputPropertyMap[string] {
  const type = readType(text);
  const inner = type && innerType(type);
  const common = {
    displayName: name,
    description: text,
    required: !(inner?.nullable ?? false),
  };
  const kind = inner?.type.name ?? '';
  if (kind === 'Bool') return Property.Checkbox({ ...common, required: false, defaultValue: false });
  if (/^(U?Int(8|16|32)|Float(32|64)|BFloat16)$/.test(kind)) return Property.Number(common);
  if (/^(Array|Map|Tuple|JSON|Object)$/.test(kind)) return Property.Json(common);
  if (kind.startsWith('Enum') && inner) {
    return Property.StaticDropdown({ ...common, options: { options: enumOptions(inner.type) } });
  }
  // Larger numbers, decimals, times and text: as text nothing of them is lost.
  return Property.ShortText(common);
}

function enumOptions({ args }: ClickHouseType): { label: string; value: string }[] {
  return args.flatMap((one) => (one.kind === 'enum' ? [{ label: one.label, value: one.label }] : []));
}

function readType(text: string): ClickHouseType | undefined {
  try {
    return parseType(text);
  } catch {
    // The server names what is wrong with the SQL when it runs.
    return undefined;
  }
}

const moreSchema = jsonObjectSchema.nullish().transform((values) => values ?? {});

export interface ParameterInput {
  readonly sql: string;
  readonly parameters?: unknown;
  readonly moreParameters?: unknown;
}

/**
 * The values of the parameters of a SQL text, each as its type wants it.
 * @throws BizError `BIZ_INPUT_INVALID`, `BIZ_CLICKHOUSE_PARAMETER_MISSING`, `BIZ_CLICKHOUSE_VALUE_INVALID`
 */
export function parseParameters({
  sql,
  parameters,
  moreParameters,
}: ParameterInput): Record<string, unknown> {
  const given = {
    ...parseJsonProp('Parameters', parameters, moreSchema),
    ...parseJsonProp('More parameters', moreParameters, moreSchema),
  };
  return Object.fromEntries(
    findParameters(sql).map(({ name, type }) => {
      const value = given[name];
      if (value === undefined && !/^(LowCardinality\()?Nullable\(/.test(type)) throw missing(name, type);
      return [name, toParameter(`Parameter "${name}"`, type, value)];
    }),
  );
}

function missing(name: string, type: string): BizError {
  return new BizError('BIZ_CLICKHOUSE_PARAMETER_MISSING', `The parameter {${name}:${type}} has no value.`, {
    hint: `Fill the field "${name}", or put it into "More parameters".`,
  });
}

const settingsSchema = z
  .record(z.string().regex(/^\w+$/), z.union([z.string(), z.number(), z.boolean().transform(Number)]))
  .nullish()
  .transform((settings) => settings ?? {});

/**
 * Settings that a person typed. What keeps a reading step from writing is not among them.
 * @throws BizError `BIZ_INPUT_INVALID`, `BIZ_CLICKHOUSE_SETTING_REFUSED`
 */
export function parseSettings(value: unknown): Settings {
  const settings = parseJsonProp('Settings', value, settingsSchema);
  const reserved = Object.keys(settings).find((name) =>
    /^(readonly|allow_ddl|limit|max_execution_time|query|query_id|database|session_.*|param_.*|user|password|role|default_format|decompress|compress)$/.test(
      name,
    ),
  );
  if (reserved === undefined) return settings;
  throw new BizError('BIZ_CLICKHOUSE_SETTING_REFUSED', `"Settings" must not hold "${reserved}".`, {
    hint: 'The step sets it itself.',
  });
}
